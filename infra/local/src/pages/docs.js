"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("api"),
  deepLinking: true,
  displayOperationId: true,
  docExpansion: "list",
  tryItOutEnabled: true,
  // Otherwise the document's address would be sent to a validator on the internet.
  validatorUrl: null,
});
