// The pad on a second device: opens it, which only the first device can, and sends
// one drawing.
"use strict";

{
  const card = document.getElementById("pad"), wait = document.getElementById("pad-wait"), wrong = document.getElementById("pad-wrong"), done = document.getElementById("pad-done");
  const send = document.getElementById("pad-send"), pad = card.querySelector("[data-ink]"), address = "/s/pad/" + card.dataset.token, kept = "pad-" + card.dataset.token;
  let device = "";

  const refuse = (title, hint, over) => {
    wait.hidden = true;
    wrong.hidden = false;
    wrong.querySelector("h2").textContent = title;
    wrong.querySelector("p").textContent = hint ?? "";
    wrong.focus();
    if (over) card.hidden = true;
  };
  const ask = async (path, options) => {
    try {
      const answer = await fetch(address + path, { method: "POST", ...options });
      const got = answer.status === 204 ? {} : await answer.json();
      return { ok: answer.ok, status: answer.status, got };
    } catch {
      return { ok: false, status: 0, got: { detail: "网络不通，没有送到", hint: "请检查网络后再试，写好的还在" } };
    }
  };
  const show = scene => {
    wait.hidden = true;
    card.hidden = false;
    document.getElementById("pad-title").textContent = scene.title;
    document.getElementById("pad-name").textContent = scene.name;
    device = scene.device;
  };

  const open = async () => {
    // A reload of this page is the same device.
    try {
      const before = JSON.parse(sessionStorage.getItem(kept) ?? "null");
      if (before) return show(before);
    } catch { /* this browser keeps nothing */ }
    const { ok, got } = await ask("/open", { headers: { "Content-Type": "application/json" }, body: "{}" });
    if (!ok) return refuse(got.detail, got.hint, true);
    try { sessionStorage.setItem(kept, JSON.stringify(got)); } catch { /* a reload will need a new code */ }
    show(got);
  };

  send.addEventListener("click", async () => {
    if (pad.ink.empty) return pad.ink.say("还没有写：请先在签名框里手写姓名");
    wrong.hidden = true;
    send.disabled = true;
    const { ok, status, got } = await ask("/drawing", { headers: { "Content-Type": "application/json", "Pad-Device": device }, body: pad.ink.json });
    send.disabled = false;
    if (!ok) return refuse(got.detail, got.hint, status === 403 || status === 404 || status === 409);
    card.hidden = true;
    document.getElementById("pad-lead").hidden = true;
    done.hidden = false;
    done.focus();
    try { sessionStorage.removeItem(kept); } catch { /* nothing was kept */ }
  });

  open();
}
