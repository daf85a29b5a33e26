"use strict";
// Pictures that do not come: platforms' links die within hours, also while a page is open. The one that was kept takes its
// place, or the drawing that is served where there is none; where even that fails, the card's own.
(() => {
  const instead = (picture) => {
    const key = picture.closest("[data-key]")?.dataset.key;
    if (!key) return;
    const colon = key.indexOf(":");
    if (picture.dataset.instead || colon < 1) {
      picture.hidden = true;
      return;
    }
    picture.dataset.instead = "1";
    picture.src = `/thumbs/${encodeURIComponent(key.slice(0, colon))}/${encodeURIComponent(key.slice(colon + 1))}`;
  };
  // Errors of pictures do not bubble; they are heard on their way down.
  document.addEventListener("error", ({ target }) => {
    if (target instanceof HTMLImageElement) instead(target);
  }, true);
  for (const picture of document.querySelectorAll("[data-key] img[src]")) {
    if (picture.complete && !picture.naturalWidth) instead(picture);
  }
})();
