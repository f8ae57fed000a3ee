// A <details class="menu"> closes when one looks elsewhere; Escape gives the focus back.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target) || target.closest(".menu-list :is(a, button:not([popovertarget]))")) {
      menu.open = false;
    }
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  event.stopImmediatePropagation();
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A section of the main menu that is folded away stays so on the next pages: the server reads this.
document.addEventListener("click", ({ target }) => {
  const section = target.closest("details[data-fold] > summary")?.parentElement;
  if (!section) return;
  const kept = document.cookie.split("; ").find((each) => each.startsWith("folded="));
  const folded = new Set(kept?.slice("folded=".length).split("|").filter(Boolean));
  if (section.open) folded.add(section.dataset.fold); // it is about to close
  else folded.delete(section.dataset.fold);
  document.cookie = `folded=${[...folded].join("|")}; path=/; max-age=31536000; samesite=lax`;
});
