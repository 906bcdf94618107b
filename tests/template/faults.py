"""Faults of the template. Each function spoils a template that was read, and is named for what it does."""

from policies import as_list


def properties(document, name):
    return document["Resources"][name]["Properties"]


def statements(document, role):
    return properties(document, role)["Policies"][0]["PolicyDocument"]["Statement"]


def statement_for(document, role, action):
    return next(each for each in statements(document, role) if action in as_list(each["Action"]))


def without_action(document, role, action):
    for each in statements(document, role):
        if action in as_list(each["Action"]):
            each["Action"] = [other for other in as_list(each["Action"]) if other != action] or ["sts:GetCallerIdentity"]


def source(document, function):
    [event] = properties(document, function)["Events"].values()
    return event["Properties"]


def route(document, name):
    return properties(document, f"{name}Route")


# The eight that a suite in an emulator once missed.


def the_condition_on_the_sender_names_another_domain(document):
    statement = statement_for(document, "DeliverRole", "ses:SendEmail")
    statement["Condition"] = {"StringLike": {"ses:FromAddress": "*@another.example"}}


def the_identity_in_ses_is_another(document):
    statement = statement_for(document, "DeliverRole", "ses:SendEmail")
    statement["Resource"][0] = {"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/another.example"}


def ses_no_longer_reports_bounces(document):
    properties(document, "MailEvents")["EventDestination"]["MatchingEventTypes"].remove("bounce")


def the_dead_letter_queue_takes_nothing_of_the_rules(document):
    policy = properties(document, "FailureQueuePolicy")["PolicyDocument"]
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]


def the_api_may_not_call_redeem(document):
    properties(document, "RedeemPermission")["SourceArn"] = {
        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:another/*"
    }


def expand_may_not_read_the_stream(document):
    without_action(document, "ExpandRole", "dynamodb:GetRecords")


def deliver_is_stopped_before_its_run_ends(document):
    properties(document, "DeliverFunction")["Timeout"] = 60


def the_api_does_not_answer_at_its_own_address(document):
    properties(document, "Api")["DisableExecuteApiEndpoint"] = True


# The same kinds elsewhere.


def the_condition_on_the_sender_is_gone(document):
    del statement_for(document, "DeliverRole", "ses:SendEmail")["Condition"]


def mails_with_a_qr_code_may_not_be_sent(document):
    without_action(document, "DeliverRole", "ses:SendRawEmail")


def the_configuration_set_may_not_be_used(document):
    statement_for(document, "DeliverRole", "ses:SendEmail")["Resource"].pop()


def ses_reports_nothing(document):
    properties(document, "MailEvents")["EventDestination"]["Enabled"] = False


def ses_reports_to_another_bus(document):
    properties(document, "MailEvents")["EventDestination"]["EventBridgeDestination"]["EventBusArn"] = {"Fn::GetAtt": ["Bus", "Arn"]}


def the_configuration_set_does_not_send(document):
    properties(document, "ConfigurationSet")["SendingOptions"] = {"SendingEnabled": False}


def the_dead_letter_policy_names_another_rule(document):
    statement = properties(document, "FailureQueuePolicy")["PolicyDocument"]["Statement"][0]
    statement["Condition"]["ArnEquals"]["aws:SourceArn"].pop(0)


def the_dead_letter_queue_of_the_reports_is_gone(document):
    del properties(document, "RegistrationConfirmedFunction")["Events"]["DeviceRegistered"]["Properties"]["DeadLetterConfig"]


def a_function_that_failed_keeps_nothing(document):
    del properties(document, "FeedbackFunction")["EventInvokeConfig"]["DestinationConfig"]


def feedback_may_not_put_on_the_dead_letter_queue(document):
    without_action(document, "FeedbackRole", "sqs:SendMessage")


def tokens_are_taken_from_the_query(document):
    properties(document, "Authorizer")["IdentitySource"] = ["$request.querystring.token"]


def maintenance_may_not_wake_deliver(document):
    without_action(document, "MaintenanceRole", "lambda:InvokeFunction")


def publish_may_not_find_its_place_in_the_stream(document):
    without_action(document, "PublishRole", "dynamodb:GetShardIterator")


def what_is_given_up_may_not_be_kept(document):
    without_action(document, "ExpandRole", "s3:PutObject")


def a_function_behind_the_api_has_three_seconds(document):
    del properties(document, "DirectoryFunction")["Timeout"]
    properties(document, "DirectoryFunction")["Timeout"] = 3


def maintenance_takes_longer_than_a_minute(document):
    properties(document, "MaintenanceFunction")["Timeout"] = 300


def the_reader_of_the_stream_is_off(document):
    source(document, "ExpandFunction")["Enabled"] = False


def maintenance_is_off(document):
    properties(document, "MaintenanceFunction")["Events"]["EveryMinute"]["Properties"]["State"] = "DISABLED"


# Other kinds that are as bad.


def a_variable_is_missing(document):
    del properties(document, "RedeemFunction")["Environment"]["Variables"]["BECKON_KEY_SECRET"]


def a_variable_is_misspelt(document):
    variables = properties(document, "DeliverFunction")["Environment"]["Variables"]
    variables["BECKON_CONFIGURATIONSET"] = variables.pop("BECKON_CONFIGURATION_SET")


def a_variable_leads_elsewhere(document):
    properties(document, "MaintenanceFunction")["Environment"]["Variables"]["BECKON_DELIVER_FUNCTION"] = {"Ref": "ExpandFunction"}


def the_key_may_not_be_read(document):
    without_action(document, "RedeemRole", "secretsmanager:GetSecretValue")


def the_right_on_an_index_is_for_another(document):
    statement_for(document, "MaintenanceRole", "dynamodb:Query")["Resource"][1] = {"Fn::Sub": "${Table.Arn}/index/list"}


def an_index_has_another_key(document):
    index = properties(document, "Table")["GlobalSecondaryIndexes"][0]
    index["KeySchema"][1]["AttributeName"] = "listSk"


def rows_expire_by_another_attribute(document):
    properties(document, "Table")["TimeToLiveSpecification"]["AttributeName"] = "expires"


def the_stream_holds_keys_alone(document):
    properties(document, "Table")["StreamSpecification"]["StreamViewType"] = "KEYS_ONLY"


def the_table_goes_with_the_stack(document):
    document["Resources"]["Table"]["DeletionPolicy"] = "Delete"


def a_new_key_takes_the_place_of_the_old(document):
    properties(document, "KeySecret")["GenerateSecretString"]["PasswordLength"] = 32


def an_administrators_route_needs_no_token(document):
    route(document, "ListUsers")["AuthorizationType"] = "NONE"
    del route(document, "ListUsers")["AuthorizerId"]


def a_public_route_needs_a_token(document):
    route(document, "Redeem").update({"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Authorizer"}})


def tokens_of_every_application_are_taken(document):
    properties(document, "Authorizer")["JwtConfiguration"]["Audience"] = [{"Ref": "MdmOverHttp"}]


def a_route_leads_to_another_function(document):
    route(document, "Decline")["Target"] = {"Fn::Sub": "integrations/${SettingsIntegration}"}


def a_route_is_missing(document):
    del document["Resources"]["RequestPinRoute"]
    document["Resources"]["Stage"]["DependsOn"].remove("RequestPinRoute")


def a_route_may_not_be_there_before_its_limit(document):
    document["Resources"]["Stage"]["DependsOn"].remove("ListUsersRoute")


def the_console_cannot_sign_anybody_in(document):
    properties(document, "AdministratorClient")["CallbackURLs"] = [{"Fn::Sub": "https://${AWS::StackName}.example/"}]


def people_may_get_a_token_without_a_code(document):
    properties(document, "AdministratorClient")["AllowedOAuthFlows"].append("implicit")


def the_console_sends_the_pools_access_token(document):
    properties(document, "ConsoleFunction")["Environment"]["Variables"]["BECKON_CONSOLE_TOKEN"] = "access"


def a_function_and_the_api_need_each_other(document):
    properties(document, "Api")["Description"] = {"Fn::Sub": "Signs people in as ${AdministratorClient}"}


def a_public_route_takes_any_number_of_requests(document):
    stage = properties(document, "Stage")
    stage["RouteSettings"]["POST /v1/redemptions"] = {"ThrottlingRateLimit": 10000, "ThrottlingBurstLimit": 5000}


def a_limit_is_a_text(document):
    stage = properties(document, "Stage")
    stage["RouteSettings"]["GET /enroll"]["ThrottlingRateLimit"] = {"Ref": "PublicRequestsPerSecond"}


def waiting_mails_are_filtered_away(document):
    filters = source(document, "ExpandFunction")["FilterCriteria"]["Filters"]
    filters[2]["Pattern"] = filters[2]["Pattern"].replace("\"mail\",", "")


def rows_that_nobody_understands_are_filtered_away(document):
    source(document, "ExpandFunction")["FilterCriteria"]["Filters"].pop()


def histories_are_filtered_away(document):
    filters = source(document, "PublishFunction")["FilterCriteria"]["Filters"]
    filters[0]["Pattern"] = filters[0]["Pattern"].replace("event#", "history#")


def the_reader_begins_at_the_end_of_the_stream(document):
    source(document, "PublishFunction")["StartingPosition"] = "LATEST"


def a_failed_record_fails_its_whole_batch(document):
    del source(document, "ExpandFunction")["FunctionResponseTypes"]


def reports_of_ses_do_not_match_the_rule(document):
    pattern = properties(document, "FeedbackFunction")["Events"]["MailReported"]["Properties"]["Pattern"]
    pattern["detail-type"] = ["Email Delivered"]


def reports_of_the_mdm_are_awaited_on_the_default_bus(document):
    del properties(document, "RegistrationConfirmedFunction")["Events"]["DeviceRegistered"]["Properties"]["EventBusName"]


def maintenance_runs_every_hour(document):
    properties(document, "MaintenanceFunction")["Events"]["EveryMinute"]["Properties"]["Schedule"] = "rate(1 hour)"


def logs_are_kept_for_ever(document):
    del properties(document, "DeliverLogs")["RetentionInDays"]


def a_function_logs_into_the_group_of_another(document):
    properties(document, "FeedbackFunction")["LoggingConfig"]["LogGroup"] = {"Ref": "MaintenanceLogs"}


def failed_messages_go_after_a_minute(document):
    properties(document, "FailureQueue")["MessageRetentionPeriod"] = 60


def deliver_may_not_wake_its_successor(document):
    del properties(document, "DeliverFunction")["RecursiveLoop"]


def a_function_reserves_concurrency(document):
    properties(document, "DeliverFunction")["ReservedConcurrentExecutions"] = 1


def a_function_is_built_for_other_processors(document):
    properties(document, "DeliverFunction")["Architectures"] = ["arm64"]


def an_alarm_tells_nobody(document):
    properties(document, "MailOverdue")["AlarmActions"] = []


def an_alarm_looks_at_a_metric_that_nothing_logs(document):
    properties(document, "WrongSecrets")["MetricName"] = "WrongPins"


def silent_maintenance_sounds_no_alarm(document):
    properties(document, "MailOverdue")["TreatMissingData"] = "notBreaching"


def alarms_may_not_publish(document):
    policy = properties(document, "AlarmTopicPolicy")["PolicyDocument"]
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]


def the_queue_takes_plain_connections(document):
    policy = properties(document, "FailureQueuePolicy")["PolicyDocument"]
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]


def a_role_has_no_boundary(document):
    del properties(document, "DeliverRole")["PermissionsBoundary"]


def others_may_take_on_a_role(document):
    properties(document, "DeliverRole")["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = {"AWS": "*"}


def a_function_may_do_everything_with_the_table(document):
    statement_for(document, "RedeemRole", "dynamodb:GetItem")["Action"] = "dynamodb:*"


def the_bucket_is_open_to_the_public(document):
    del properties(document, "FailedRecords")["PublicAccessBlockConfiguration"]


def anybody_may_sign_up(document):
    properties(document, "UserPool")["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] = False


def records_that_are_given_up_are_told_to_nobody(document):
    del document["Resources"]["RecordsGivenUp"]


def the_dashboard_is_there_by_default(document):
    document["Parameters"]["DashboardEnabled"]["Default"] = "true"


def one_request_holds_all_functions(document):
    document["Parameters"]["PublicRequestsPerSecond"]["Default"] = 50


def records_are_handed_over_one_by_one(document):
    del source(document, "ExpandFunction")["MaximumBatchingWindowInSeconds"]


def a_key_of_ones_own_may_not_be_used(document):
    document["Resources"]["KeyPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"].remove("kms:Decrypt")


def lost_messages_of_device_managements_are_not_counted(document):
    properties(document, "LostDeviceEvents")["FilterPattern"] = '{ $.status = "429" }'


def messages_of_device_managements_have_no_limit_of_their_own(document):
    del properties(document, "Stage")["RouteSettings"]["POST /v1/device-events/{source}"]


_ALL = dict(globals())
_HELPERS = {"properties", "statements", "statement_for", "without_action", "source", "route", "as_list"}
FAULTS = [each for name, each in _ALL.items() if callable(each) and name not in _HELPERS and not name.startswith("_")]
