(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try { kept = localStorage.getItem("adami-theme"); } catch { kept = null; }
  const theme = asked || kept;
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();
