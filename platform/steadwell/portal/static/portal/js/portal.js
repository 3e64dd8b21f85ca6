// The portal's few enhancements. Every page works without them.
(() => {
  "use strict";

  // Menus made of <details>: one open at a time, Escape and a click elsewhere close them.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A second press of the same button would only be answered with the first one's result: spare the wait. Not for
  // long: where the network failed or the answer is a file, this page stays, and its button has to work again.
  const QUIET = 5000;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented) return;
    if (Date.now() - Number(form.dataset.sent ?? 0) < QUIET) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = Date.now();
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // After a refused form, the summary takes the focus so that it is read out.
  document.querySelector("[data-focus]")?.focus();

  // Fields that send their form as soon as they change; the button beside them is for those without script.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosend]");
    if (form) form.requestSubmit();
  });
  for (const button of document.querySelectorAll("form[data-autosend] [data-autosend-button]")) button.hidden = true;

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Links that may open as a dialog: the page they lead to is shown in one, its form posts as on its own page.
  const openDialog = async (link) => {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.querySelector("main");
    if (!answer.ok || answer.redirected || !main) {
      location.assign(link.href);
      return;
    }
    const dialog = document.createElement("dialog");
    const close = document.getElementById("dialog-close").content.cloneNode(true);
    dialog.className = "dialog";
    dialog.append(close, ...main.childNodes);
    const heading = dialog.querySelector("h1");
    heading.id = "dialog-heading";
    dialog.setAttribute("aria-labelledby", heading.id);
    for (const form of dialog.querySelectorAll("form:not([action]):not([method=dialog])")) form.action = link.href;
    for (const back of dialog.querySelectorAll("[data-dialog-close]")) {
      back.addEventListener("click", (event) => {
        event.preventDefault();
        dialog.close();
      });
    }
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    document.body.append(dialog);
    window.htmx?.process(dialog);
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    openDialog(link).catch(() => location.assign(link.href));
  });

  // Countdowns: the server wrote until when; here the rest runs down, and the end is said aloud once.
  const clocks = new Map();
  const tick = () => {
    for (const [clock, ends] of clocks) {
      if (!clock.isConnected) {
        clocks.delete(clock);
        continue;
      }
      const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
      const minutes = Math.floor(left / 60);
      const seconds = String(left % 60).padStart(2, "0");
      clock.querySelector("[data-countdown-left]").textContent = `${minutes}:${seconds}`;
      const say = clock.querySelector("[data-countdown-say]");
      if (left === 60) say.textContent = clock.dataset.lastMinute;
      if (left > 0) continue;
      clocks.delete(clock);
      clock.classList.add("countdown--ended");
      clock.querySelector("[data-countdown-words]").textContent = clock.dataset.ended;
      say.textContent = clock.dataset.ended;
      clock.dispatchEvent(new CustomEvent("countdown:ended", { bubbles: true }));
    }
  };
  const wind = (root) => {
    for (const clock of root.querySelectorAll("[data-countdown]")) {
      // The seconds left come from the server, so that a wrong clock on the reader's device does no harm.
      clocks.set(clock, Date.now() + Number(clock.dataset.countdown) * 1000);
    }
    tick();
  };
  wind(document);
  setInterval(tick, 1000);
  document.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) wind(event.target.parentElement ?? event.target);
  });
})();
