// A run in progress: shows how far it is without a new page. Without scripts a
// link does the same.
"use strict";
{
  const look = async () => {
    const shown = document.querySelector("[data-follow]");
    if (!shown) return;
    try {
      const answer = await fetch(shown.dataset.follow, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
      if (!fresh) return;
      if (fresh.dataset.state !== shown.dataset.state) { location.reload(); return; }
      for (const part of ["label[for=bar]", "dl.facts"]) {
        const from = fresh.querySelector(part), to = shown.querySelector(part);
        if (from && to) to.replaceChildren(...from.childNodes);
      }
      shown.querySelector("progress").value = fresh.querySelector("progress").value;
    } catch { /* the next look may succeed */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1500);
}
