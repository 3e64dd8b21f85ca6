// On a narrow screen the search is folded away, so that the free times come first. Without script it stays open.
(() => {
  "use strict";
  if (!window.matchMedia("(width < 48rem)").matches) return;
  for (const box of document.querySelectorAll("details[data-fold]")) box.open = false;
})();
