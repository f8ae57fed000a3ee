// A field that is in use stays selected when what it stands in is filled anew. htmx puts a selection
// back unless it begins at the first sign, as it does in a field that was reached by Tab.
let selected;

document.addEventListener("htmx:beforeSwap", () => {
  const { id, value, selectionStart, selectionEnd } = document.activeElement;
  selected = id && selectionStart === 0 && selectionEnd > 0 && { id, value, selectionEnd };
});

document.addEventListener("htmx:afterSwap", () => {
  const field = document.activeElement;
  if (!selected || field.id !== selected.id || field.selectionStart === undefined) return;
  const whole = selected.selectionEnd === selected.value.length;
  field.setSelectionRange(0, whole ? field.value.length : selected.selectionEnd);
});
