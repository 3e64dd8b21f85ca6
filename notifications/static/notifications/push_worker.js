// Shows what comes as a notice; a press on it opens the portal at the message, which asks to sign in.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification(told.title || "Steadwell", {
      tag: told.path,
      lang: told.language,
      data: { path: told.path || "/inbox/" },
    }),
  );
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.path));
});
