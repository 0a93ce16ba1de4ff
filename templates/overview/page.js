// SPDX-License-Identifier: GPL-2.0-only
"use strict";

// Show those findings of a spec that have all the words and the status.
for (const box of document.querySelectorAll("section:has(> .filter)")) {
  const filter = box.querySelector(".filter");
  const [words, status, count] = ["input", "select", "output"].map((tag) => filter.querySelector(tag));
  const findings = [...box.querySelectorAll("article")];
  const update = () => {
    const wanted = words.value.toLowerCase().split(/\s+/);
    for (const finding of findings) {
      const text = finding.textContent.toLowerCase();
      const matches = wanted.every((word) => text.includes(word));
      finding.hidden = !(matches && (!status.value || finding.className === status.value));
    }
    const shown = findings.filter((finding) => !finding.hidden).length;
    count.textContent = `${shown} of ${findings.length} shown`;
  };
  filter.addEventListener("input", update);
  filter.hidden = findings.length === 0;
  update();
}

// Open what a link leads into.
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();

// Paper shows all but the listings.
const closed = () => document.querySelectorAll("article details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...closed()];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
