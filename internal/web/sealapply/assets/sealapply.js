// Seals that are being made: shows how far it is without a new page. Without
// scripts a link does the same.
"use strict";
{
  const parts = ["#progress label", "#progress dl.facts"];
  const look = async () => {
    const shown = document.getElementById("progress");
    if (!shown?.dataset.follow) return;
    try {
      const answer = await fetch(shown.dataset.follow, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = fresh.getElementById("progress");
      if (!now) return;
      if (now.dataset.state !== shown.dataset.state) { location.replace(shown.dataset.follow); return; }
      for (const part of parts) {
        const from = fresh.querySelector(part), to = document.querySelector(part);
        if (from && to) to.replaceChildren(...from.childNodes);
      }
      shown.querySelector("progress").value = now.querySelector("progress").value;
    } catch { /* the next look may succeed */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1500);
}
