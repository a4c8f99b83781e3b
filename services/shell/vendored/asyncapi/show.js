// Shows the contract that this service serves. There is no way to publish from here.
fetch("asyncapi.json")
  .then((answer) => answer.json())
  .then((schema) =>
    AsyncApiStandalone.render(
      { schema, config: { show: { sidebar: true, errors: false }, expand: { messageExamples: false } } },
      document.getElementById("contract"),
    ),
  );
