// Passkeys: asks the authenticator what the server asks, and sends the form
// with its answer. Without scripts the form stays hidden and says so.
"use strict";
{
  const fromText = s => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const toText = b => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const read = list => list?.map(c => ({ ...c, id: fromText(c.id) }));

  // What WebAuthn wants as octets comes as base64url.
  const question = got => {
    const q = { ...(got.publicKey ?? got) };
    q.challenge = fromText(q.challenge);
    if (q.user) q.user = { ...q.user, id: fromText(q.user.id) };
    if (q.excludeCredentials) q.excludeCredentials = read(q.excludeCredentials);
    if (q.allowCredentials) q.allowCredentials = read(q.allowCredentials);
    return q;
  };

  const answer = made => {
    const r = made.response, response = { clientDataJSON: toText(r.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (r[part]) response[part] = toText(r[part]);
    if (r.getTransports) response.transports = r.getTransports();
    return JSON.stringify({ id: made.id, rawId: toText(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment ?? undefined, response, clientExtensionResults: made.getClientExtensionResults() });
  };

  const reasons = {
    NotAllowedError: "没有完成：可能是您取消了，或者等得太久。可以再试一次",
    InvalidStateError: "这个设备上已经有本账号的通行密钥，不用再登记",
    SecurityError: "这个网址不能使用通行密钥，请改用其他方式，或联系平台运维人员",
    NotSupportedError: "这个设备不支持所需的通行密钥，请改用其他方式",
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button"), note = form.querySelector("[data-note]");
    if (!window.PublicKeyCredential) {
      note.textContent = "这个浏览器不能使用通行密钥，或者网址不是 https。请改用其他方式";
      continue;
    }
    for (const part of form.querySelectorAll("[data-script]")) part.hidden = false;
    const say = text => { note.textContent = text; button.disabled = false; };
    form.addEventListener("submit", async e => {
      e.preventDefault();
      button.disabled = true;
      note.textContent = "请按设备的提示操作：插入或触碰安全密钥，或者验证指纹、面容、开机密码";
      try {
        const asked = await fetch(form.dataset.options, { method: "POST", headers: { Accept: "application/json" } });
        const got = await asked.json();
        if (!asked.ok) return say(asked.status === 401 ? "登录步骤已失效，请重新登录" : got.detail + (got.hint ? "。" + got.hint : ""));
        const publicKey = question(got);
        const made = await (form.dataset.passkey === "create" ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
        form.elements.response.value = answer(made);
        form.submit();
      } catch (e) {
        say(reasons[e.name] ?? "没有完成，请再试一次，或改用其他方式");
      }
    });
  }
}
