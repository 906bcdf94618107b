"""What is kept, how it is encrypted, and what becomes of it: table, secret, bucket, queues, user pool."""

import re

from reading import OPTIONS, REPOSITORY
from saying import Wrong

KEPT = ("Table", "KeySecret", "FailedRecords")


def names_in_the_code():
    """The table's attributes and indexes, as the code names them: {constant: value}."""
    source = (REPOSITORY / "shared" / "aws" / "src" / "table" / "keys.rs").read_text()
    return dict(re.findall(r'const (\w+): &str = "(\w+)";', source))


def test_the_table_is_the_one_that_the_code_reads(stacks):
    wrong = Wrong()
    code = names_in_the_code()
    for which, stack in stacks.every.items():
        table = stack.properties("Table")
        wrong.equal(table.get("BillingMode"), "PAY_PER_REQUEST", f"{which}, how the table is billed")
        wrong.equal(keys(table), [(code["PK"], "HASH"), (code["SK"], "RANGE")], f"{which}, the keys of the table")
        indexes = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
        wrong.equal(set(indexes), {code["DUE"], code["LIST"]}, f"{which}, the indexes")
        for name, index in indexes.items():
            prefix = name.upper()
            expected = [(code.get(f"{prefix}_PK"), "HASH"), (code.get(f"{prefix}_SK"), "RANGE")]
            wrong.equal(keys(index), expected, f"{which}, the keys of the index {name}")
            wrong.equal(index["Projection"], {"ProjectionType": "KEYS_ONLY"}, f"{which}, what is in the index {name}")
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        used = {name for each in (table, *indexes.values()) for name, _ in keys(each)}
        wrong.equal(types, dict.fromkeys(used, "S"), f"{which}, the types of the keys")
        wrong.equal(table.get("TimeToLiveSpecification"), {"AttributeName": code["TTL"], "Enabled": True}, f"{which}, what expires")
        wrong.equal(table.get("StreamSpecification"), {"StreamViewType": "NEW_IMAGE"}, f"{which}, the stream")
        recovery = table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
        wrong.equal(recovery, True, f"{which}, whether the table can be restored")
    wrong.raise_if_any()


def keys(of):
    return [(each["AttributeName"], each["KeyType"]) for each in of.get("KeySchema", [])]


def test_what_is_kept_goes_only_with_a_failed_first_deployment(stacks):
    wrong = Wrong()
    for name, resource in stacks.document["Resources"].items():
        policies = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        if name in KEPT:
            wrong.equal(policies, ("RetainExceptOnCreate", "Retain"), f"what becomes of {name}")
        else:
            wrong.unless("Retain" not in str(policies), f"{name} stays when the stack goes, and is not said to")
    wrong.raise_if_any()


def test_what_is_kept_is_protected_where_that_is_asked(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        protected = stack is not stacks.default
        wrong.equal(stack.properties("Table").get("DeletionProtectionEnabled"), protected, f"{which}, the table")
        if "UserPool" in stack.there:
            pool = stack.properties("UserPool").get("DeletionProtection")
            wrong.equal(pool, "ACTIVE" if protected else "INACTIVE", f"{which}, the user pool")
    wrong.raise_if_any()


def test_everything_is_encrypted_with_the_key_that_is_given(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        key = None if stack is stacks.default else OPTIONS["KmsKeyArn"]
        table = stack.properties("Table").get("SSESpecification", {})
        wrong.equal((table.get("SSEEnabled"), table.get("KMSMasterKeyId")), (key is not None, key), f"{which}, the table")
        wrong.equal(stack.properties("KeySecret").get("KmsKeyId"), key, f"{which}, the secret")
        wrong.equal(stack.properties("AlarmTopic").get("KmsMasterKeyId"), key, f"{which}, the topic")
        for queue in ("FailureQueue", "MissedCallsQueue"):
            properties = stack.properties(queue)
            found = (properties.get("KmsMasterKeyId"), properties.get("SqsManagedSseEnabled"))
            wrong.equal(found, (key, None if key else True), f"{which}, {queue}")
        for name, group in stack.of_type("AWS::Logs::LogGroup").items():
            wrong.equal(group.get("KmsKeyId"), key, f"{which}, {name}")
        [rule] = stack.properties("FailedRecords")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_default = rule["ServerSideEncryptionByDefault"]
        expected = ("aws:kms", key) if key else ("AES256", None)
        wrong.equal((by_default["SSEAlgorithm"], by_default.get("KMSMasterKeyID")), expected, f"{which}, the bucket")
    wrong.raise_if_any()


def test_the_key_document_is_one_that_the_functions_read(stacks):
    wrong = Wrong()
    made = stacks.default.properties("KeySecret").get("GenerateSecretString", {})
    # A change of any of these makes a new key, and every open invitation dies.
    expected = {
        "SecretStringTemplate": '{"current": "k1"}',
        "GenerateStringKey": "k1",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }
    wrong.equal(made, expected, "how the key is made")
    wrong.raise_if_any()


def test_the_bucket_is_closed_and_empties_itself(stacks):
    wrong = Wrong()
    bucket = stacks.default.properties("FailedRecords")
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    wrong.equal(bucket.get("PublicAccessBlockConfiguration"), dict.fromkeys(closed, True), "what is closed")
    wrong.equal(bucket.get("OwnershipControls"), {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, "whose objects are")
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    wrong.equal([(rule["Status"], rule.get("ExpirationInDays")) for rule in rules], [("Enabled", 30)], "when objects go")
    unfinished = [rule.get("AbortIncompleteMultipartUpload") for rule in rules]
    wrong.equal(unfinished, [{"DaysAfterInitiation": 1}], "when unfinished uploads go")
    wrong.raise_if_any()


def test_the_queues_keep_messages_long_enough(stacks):
    wrong = Wrong()
    for queue, days in (("FailureQueue", 14), ("MissedCallsQueue", 3)):
        kept = stacks.default.properties(queue).get("MessageRetentionPeriod")
        wrong.equal(kept, days * 86400, f"how many seconds {queue} keeps a message")
    wrong.raise_if_any()


def test_people_sign_in_safely(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        if "UserPool" not in stack.there:
            continue
        pool = stack.properties("UserPool")
        wrong.equal(pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], True, f"{which}, who adds people")
        required = "ON" if stack is stacks.pool_options else "OPTIONAL"
        wrong.equal(pool.get("MfaConfiguration"), required, f"{which}, the second factor")
        wrong.equal(pool.get("EnabledMfas"), ["SOFTWARE_TOKEN_MFA"], f"{which}, the kinds of second factors")
        policy = pool["Policies"]["PasswordPolicy"]
        wrong.unless(policy["MinimumLength"] >= 14, f"{which}, passwords of {policy['MinimumLength']} characters")
        wrong.unless(policy.get("TemporaryPasswordValidityDays", 90) <= 7, f"{which}, temporary passwords hold too long")
        # The history names people by their address, so it must be theirs.
        wrong.equal(pool.get("UsernameAttributes"), ["email"], f"{which}, what people sign in with")
        wrong.equal(pool.get("AutoVerifiedAttributes"), ["email"], f"{which}, what is verified")
        verified = pool.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate")
        wrong.equal(verified, ["email"], f"{which}, what is verified before it changes")
        wrong.equal(pool.get("UsernameConfiguration"), {"CaseSensitive": False}, f"{which}, whether case counts")
        # Domains of pools are unique in a region, so a name that another stack may have would not deploy.
        unique = stack.ref("AWS::StackId").rpartition("/")[2]
        wrong.equal(stack.properties("UserPoolDomain").get("Domain"), f"beckon-{unique}", f"{which}, the domain of the pool")
        groups = {group["GroupName"] for group in stack.of_type("AWS::Cognito::UserPoolGroup").values()}
        wrong.equal(groups, {"viewer", "helpdesk", "inviter", "pindesk", "settings"}, f"{which}, the groups")
        for name in ("UserPoolGroup", "UserPoolClient", "UserPoolDomain", "UserPoolResourceServer"):
            for logical, each in stack.of_type(f"AWS::Cognito::{name}").items():
                wrong.equal(each["UserPoolId"], stack.ref("UserPool"), f"{which}, the pool of {logical}")
        people = stack.properties("AdministratorClient")
        flows = {"ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
        wrong.equal(set(people["ExplicitAuthFlows"]), flows, f"{which}, how people sign in")
        wrong.unless(not people.get("GenerateSecret"), f"{which}, the client for people has a secret")
        # The console: the authorization code flow alone, back to the one page where the console is.
        wrong.equal(people.get("AllowedOAuthFlows"), ["code"], f"{which}, the flows of the console")
        wrong.equal(people.get("AllowedOAuthFlowsUserPoolClient"), True, f"{which}, whether the console may sign people in")
        wrong.equal(people.get("AllowedOAuthScopes"), ["openid", "email", "profile"], f"{which}, the scopes of the console")
        wrong.equal(people.get("SupportedIdentityProviders"), ["COGNITO"], f"{which}, who vouches for people")
        console = [stack.outputs["Console"]]
        wrong.equal((people.get("CallbackURLs"), people.get("LogoutURLs")), (console, console), f"{which}, where sign-in leads back to")
        wrong.equal(people.get("WriteAttributes"), ["name"], f"{which}, what people change of themselves")
        wrong.equal(people.get("PreventUserExistenceErrors"), "ENABLED", f"{which}, what strangers learn")
        wrong.equal(people.get("EnableTokenRevocation"), True, f"{which}, whether tokens can be revoked")
        units = {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"}
        wrong.equal(people.get("TokenValidityUnits"), units, f"{which}, the units of lifetimes")
        hold = (people.get("AccessTokenValidity"), people.get("IdTokenValidity"), people.get("RefreshTokenValidity"))
        wrong.equal(hold, (60, 60, 1), f"{which}, how long tokens hold")
    wrong.raise_if_any()


def test_the_mdm_has_a_client_only_where_that_is_asked(stacks):
    wrong = Wrong()
    wrong.unless("MdmClient" not in stacks.default.there, "the MDM has a client by default, which costs 6 dollars a month")
    wrong.unless("MdmClient" not in stacks.options.there, "the MDM has a client without a pool")
    stack = stacks.pool_options
    client = stack.properties("MdmClient")
    scopes = stack.properties("MachineScopes")
    names = [f"{scopes['Identifier']}/{scope['ScopeName']}" for scope in scopes["Scopes"]]
    wrong.equal(names, ["beckon/mdm"], "the scopes of machines")
    wrong.equal(client.get("AllowedOAuthScopes"), names, "the scopes of the MDM")
    wrong.equal(client.get("AllowedOAuthFlows"), ["client_credentials"], "how the MDM gets a token")
    wrong.equal(client.get("AllowedOAuthFlowsUserPoolClient"), True, "whether the MDM may get a token")
    wrong.equal(client.get("GenerateSecret"), True, "whether the MDM has a secret")
    wrong.equal(client.get("ExplicitAuthFlows"), ["ALLOW_REFRESH_TOKEN_AUTH"], "how people sign in through the MDM's client")
    hold = (client.get("AccessTokenValidity"), client.get("TokenValidityUnits"))
    wrong.equal(hold, (60, {"AccessToken": "minutes"}), "how long the MDM's token holds")
    wrong.unless("MachineScopes" in str(stack.resources["MdmClient"].get("DependsOn")), "the scope may not be there before the client")
    wrong.raise_if_any()
