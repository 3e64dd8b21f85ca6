// Turns notices on this device on and off. The page says so where the browser cannot.
(() => {
  "use strict";

  const box = document.querySelector("[data-push-key]");
  if (!box || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  const [on, off] = [box.querySelector("[data-turn-on]"), box.querySelector("[data-turn-off]")];
  const said = box.querySelector("[data-said]");

  const show = (subscription, text = "") => {
    on.hidden = Boolean(subscription);
    off.hidden = !subscription;
    said.textContent = text;
  };
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const decode = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  };
  const tell = async (form, subscription) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("endpoint", subscription.endpoint);
    body.set("public_key", encode(subscription.getKey("p256dh")));
    body.set("auth", encode(subscription.getKey("auth")));
    const answer = await fetch(form.action, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
  };

  (async () => {
    const registration = await navigator.serviceWorker.register("/push-worker.js");
    show(await registration.pushManager.getSubscription());
    on.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const subscription = await registration.pushManager.subscribe({
          userVisibleOnly: true,
          applicationServerKey: decode(box.dataset.pushKey),
        });
        await tell(on, subscription);
        show(subscription, said.dataset.isOn);
      } catch {
        show(null, said.dataset.failed);
      }
    });
    off.addEventListener("submit", async (event) => {
      event.preventDefault();
      const subscription = await registration.pushManager.getSubscription();
      if (subscription) {
        await tell(off, subscription);
        await subscription.unsubscribe();
      }
      show(null, said.dataset.isOff);
    });
  })();
})();
