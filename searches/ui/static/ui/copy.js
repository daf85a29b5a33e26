// Copies what stands in the field beside the button, and says so.
"use strict";
for (const box of document.querySelectorAll("[data-copy]")) {
  const field = box.querySelector("input");
  const button = box.querySelector("button");
  const said = box.querySelector("output");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // over plain http there is no other way
    }
    said.textContent = said.dataset.said;
    said.classList.remove("vh");
  });
}
