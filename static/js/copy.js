// A button with data-copy="#id" copies that element's text and says so on itself.
const said = document.getElementById("texts").dataset.copied;

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Refused, or not a secure origin: leave the text selected, Ctrl+C does the rest.
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.textContent;
  if (label === said) return;
  button.textContent = said;
  setTimeout(() => (button.textContent = label), 2000);
});
