/* Makes the auditor's nonce in the browser: 256 random bits, shown once. Only its SHA-256 goes into the form. */
(() => {
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const make = async (place) => {
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
    const digest = hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(nonce)));
    place.querySelector("[data-nonce-text]").textContent = nonce;
    place.querySelector("[data-nonce-shown]").hidden = false;
    document.querySelector('form[action="/do/audit.plan"] [name="commitment"]').value = digest;
    place.querySelector("[data-nonce-make]").disabled = true;
    place.querySelector("[data-nonce-text]").focus();
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-nonce-make]");
    if (button) make(button.closest("[data-nonce]"));
  });
})();
