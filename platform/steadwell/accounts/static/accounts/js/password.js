// Lets people see the password they type. Without this script the field works as any other.
for (const form of document.querySelectorAll("form[data-show-password]")) {
  for (const input of form.querySelectorAll("input[type=password]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--small button--quiet reveal";
    button.textContent = form.dataset.showPassword;
    button.setAttribute("aria-controls", input.id);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? form.dataset.showPassword : form.dataset.hidePassword;
      button.setAttribute("aria-pressed", String(!shown));
    });
    const row = document.createElement("div");
    row.className = "with-reveal";
    input.replaceWith(row);
    row.append(input, button);
  }
  // Never send or remember a password as plain text input.
  form.addEventListener("submit", () => {
    for (const input of form.querySelectorAll(".with-reveal input")) input.type = "password";
  });
}
