// Products that fit, while somebody types. Without script the button beside the field asks for the same.
(() => {
  "use strict";
  const button = document.querySelector("[data-suggest]");
  const place = document.getElementById("suggestions");
  const field = button?.form.elements.drug;
  if (!button || !place || !field) return;
  button.hidden = true;
  let waits = 0;
  let asked = field.value;
  const ask = async () => {
    if (field.value === asked) return;
    asked = field.value;
    // The name of a medicine goes in the body: an address would be kept in histories and logs.
    const body = new FormData(button.form);
    const answer = await fetch(button.dataset.suggest, { method: "POST", body, headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected && body.get("drug") === field.value) place.innerHTML = await answer.text();
  };
  field.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(() => ask().catch(() => undefined), 250);
  });
})();
