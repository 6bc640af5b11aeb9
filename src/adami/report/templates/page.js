(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  label();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
    // files opened from disk may have no storage; the choice then lasts for this view
    try { localStorage.setItem("adami-theme", root.dataset.theme); } catch { return; }
  });

  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("section > details:not([open])")) { d.open = true; d.dataset.shut = ""; }
  });
  addEventListener("afterprint", () => {
    for (const d of document.querySelectorAll("details[data-shut]")) { d.open = false; delete d.dataset.shut; }
  });

  const map = document.getElementById("heat");
  if (!map) return;
  const data = JSON.parse(document.getElementById("heat-data").textContent);
  const out = document.getElementById("heat-readout");
  const size = data.names.length;
  const cells = [...map.tBodies[0].rows].map((row) => [...row.querySelectorAll("td")]);
  let at = [0, Math.min(1, size - 1)];
  const tell = (i, j) => {
    const [a, b] = i <= j ? [i, j] : [j, i];
    const k = a * size - (a * (a - 1)) / 2 + (b - a);
    const amount = data.amounts[k];
    const name = (x) => data.names[x].trim() || "(blank name)";
    let said;
    if (i === j) said = amount === "–" ? `${name(i)}: no entropy` : `${name(i)}: entropy ${amount} ${data.unit}`;
    else {
      said = `${name(i)} × ${name(j)}: ${cells[i][j].dataset.v} normalised, ${amount} ${data.unit}`;
      if (data.p && data.p[k] !== "–") said += `, p ${data.p[k].startsWith("<") ? "" : "= "}${data.p[k]}`;
    }
    said += `, ${data.rows[k].toLocaleString("en")} rows`;
    if (data.method && i !== j) said += `, by ${data.methods[data.method[k]]}`;
    out.textContent = said;
    for (const c of map.querySelectorAll(".on")) c.classList.remove("on");
    map.tBodies[0].rows[i].querySelector("th").classList.add("on");
    map.tHead.rows[0].cells[j + 1].classList.add("on");
  };
  const place = (cell) => [cell.parentNode.rowIndex - 1, cell.cellIndex - 1];
  map.addEventListener("mouseover", (e) => { const c = e.target.closest("td"); if (c) tell(...place(c)); });
  map.addEventListener("click", (e) => { const c = e.target.closest("td"); if (c) move(...place(c)); });
  map.addEventListener("focusin", (e) => { const c = e.target.closest("td"); if (c) tell(...place(c)); });
  const move = (i, j) => {
    cells[at[0]][at[1]].tabIndex = -1;
    at = [Math.max(0, Math.min(size - 1, i)), Math.max(0, Math.min(size - 1, j))];
    const cell = cells[at[0]][at[1]];
    cell.tabIndex = 0;
    cell.focus();
  };
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  map.addEventListener("keydown", (e) => {
    let next = null;
    if (steps[e.key]) next = [at[0] + steps[e.key][0], at[1] + steps[e.key][1]];
    else if (e.key === "Home") next = [at[0], 0];
    else if (e.key === "End") next = [at[0], size - 1];
    if (next) { e.preventDefault(); move(...next); }
  });
})();
