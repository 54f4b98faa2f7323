"use strict";
// Counts SMS segments as the server does (3GPP TS 23.038 and 23.040): the same alphabet, the same packing.
const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("\f^{}\\[~]|€");

function countSegments(text) {
  const characters = [...text.normalize("NFC")];
  const gsm = characters.every((one) => BASIC.has(one) || EXTENDED.has(one));
  const cost = (one) => (gsm ? (EXTENDED.has(one) ? 2 : 1) : one.length);
  const units = characters.reduce((sum, one) => sum + cost(one), 0);
  const encoding = gsm ? "GSM-7" : "UCS-2";
  if (units <= (gsm ? 160 : 70)) return { encoding, units, segments: 1 };
  const limit = gsm ? 153 : 67;
  let segments = 1;
  let used = 0;
  for (const one of characters) {
    if (used + cost(one) > limit) {
      segments += 1;
      used = 0;
    }
    used += cost(one);
  }
  return { encoding, units, segments };
}

function watchCount(area) {
  const shown = area.nextElementSibling;
  if (!shown || shown.tagName !== "OUTPUT") return;
  const update = () => {
    const found = countSegments(area.value);
    const sms = area.dataset.count === "sms";
    shown.textContent = sms && found.units ? `${found.encoding} · ${found.units} · ${found.segments} SMS` : String(found.units);
    shown.classList.toggle("over", sms && found.segments > 4);
  };
  area.addEventListener("input", update);
  update();
}

function numberLines(area) {
  const gutter = document.createElement("pre");
  gutter.setAttribute("aria-hidden", "true");
  area.before(gutter);
  let lines = 0;
  const update = () => {
    const now = area.value.split("\n").length;
    if (now !== lines) {
      lines = now;
      gutter.textContent = Array.from({ length: lines }, (_, number) => number + 1).join("\n");
    }
    gutter.style.height = `${area.offsetHeight}px`;
    gutter.scrollTop = area.scrollTop;
  };
  area.addEventListener("input", update);
  area.addEventListener("scroll", update);
  new ResizeObserver(update).observe(area);
  update();
}

function goToLine(area, line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] || "").length);
  const height = Number.parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 4) * height);
  area.scrollIntoView({ block: "center" });
}

document.querySelectorAll("textarea[data-count]").forEach(watchCount);
document.querySelectorAll("textarea[data-lines]").forEach(numberLines);
document.querySelectorAll("a[data-line]").forEach((link) => {
  link.addEventListener("click", (event) => {
    const area = document.querySelector("textarea[data-lines]");
    if (area) {
      event.preventDefault();
      goToLine(area, Number(link.dataset.line));
    }
  });
});
document.querySelectorAll("button[data-confirm]").forEach((button) => {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.confirm)) event.preventDefault();
  });
});
document.querySelectorAll(".phone .talk, .recent .talk").forEach((talk) => {
  talk.scrollTop = talk.scrollHeight;
});
