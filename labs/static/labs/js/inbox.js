// Keys for reading results, and a list that may change under one's hands. Every page works without.
(() => {
  "use strict";

  const rows = () => [...document.querySelectorAll("[data-task]")];
  const rowOf = (element) => element?.closest("[data-task]");
  const linkOf = (row) => row?.querySelector("a");
  const tickOf = (row) => row?.querySelector("input[type=checkbox]");

  // Where one is in the list: the row that has the focus, or had it last.
  let at = "";
  const current = () => rowOf(document.activeElement) ?? rows().find((row) => row.dataset.task === at);
  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row) at = row.dataset.task;
  });

  const step = (by) => {
    const all = rows();
    if (!all.length) return false;
    const place = all.indexOf(current());
    const next = place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + by));
    linkOf(all[next]).focus();
    all[next].scrollIntoView({ block: "nearest" });
    return true;
  };

  const follow = (key) => {
    const target = document.querySelector(`[data-key="${key}"]`);
    if (!target) return false;
    target.click();
    return true;
  };

  const openPart = (key) => {
    const summary = document.querySelector(`summary[data-key="${key}"]`);
    if (!summary) return false;
    const part = summary.parentElement;
    part.open = true;
    (part.querySelector("select, textarea, input:not([type=hidden])") ?? summary).focus();
    return true;
  };

  const tick = () => {
    const box = tickOf(current());
    if (!box) return false;
    box.checked = !box.checked;
    return true;
  };

  const sign = () => {
    const button = document.querySelector('[data-sign] [data-key="s"]');
    if (button) {
      button.closest("form").scrollIntoView({ block: "nearest" });
      button.focus();
      return true;
    }
    const form = document.querySelector(".inbox__form");
    if (!form?.querySelector("input[name=task]:checked")) return false;
    form.querySelector("button[type=submit]").focus();
    return true;
  };

  const help = () => {
    const dialog = document.getElementById("keys");
    if (!dialog?.showModal) return false;
    dialog.showModal();
    return true;
  };

  const comment = () => {
    const field = document.querySelector("#sign textarea");
    field?.focus();
    return Boolean(field);
  };

  const acts = {
    j: () => step(1) || follow("j"),
    k: () => step(-1) || follow("k"),
    x: tick,
    s: sign,
    c: comment,
    d: () => openPart("d"),
    f: () => openPart("f"),
    u: () => follow("u"),
    "?": help,
  };

  const isWriting = (element) =>
    element.isContentEditable ||
    ["TEXTAREA", "SELECT"].includes(element.tagName) ||
    (element.tagName === "INPUT" && !["checkbox", "radio", "submit", "button"].includes(element.type));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isWriting(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const act = acts[event.key];
    if (act?.()) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-help]") && help()) event.preventDefault();
    if (event.target.closest("[data-tick-all]")) {
      for (const box of document.querySelectorAll(".inbox__form input[name=task]")) box.checked = true;
    }
  });

  const showTickAll = () => {
    for (const button of document.querySelectorAll("[data-tick-all]")) button.hidden = false;
  };
  showTickAll();

  // New results: what was ticked stays ticked, and the focus stays on its row.
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "inbox") return;
    kept = {
      ticked: new Set([...document.querySelectorAll("#inbox input:checked")].map((box) => box.value)),
      focused: document.activeElement?.closest("#inbox") ? document.activeElement.id : "",
      top: current()?.getBoundingClientRect().top,
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!kept || !document.getElementById("inbox")) return;
    for (const box of document.querySelectorAll("#inbox input[name=task]")) box.checked = kept.ticked.has(box.value);
    if (kept.focused) document.getElementById(kept.focused)?.focus({ preventScroll: true });
    const row = current();
    if (row && kept.top !== undefined) window.scrollBy(0, row.getBoundingClientRect().top - kept.top);
    kept = null;
    showTickAll();
  });
})();
