// When the kept time runs out: the same form, with what was written in it, now leads to the times that are free.
(() => {
  "use strict";
  document.addEventListener("countdown:ended", () => {
    const form = document.querySelector("form[data-review]");
    if (!form) return;
    form.querySelector("[data-hold-ended]").hidden = false;
    form.querySelector("[data-book]").hidden = true;
    form.querySelector("[data-again]").hidden = false;
  });
})();
