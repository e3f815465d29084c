/* Runs before the first paint, so that a chosen theme does not flash: no module. */
document.documentElement.dataset.theme = localStorage.getItem("imbot.theme") ?? "system";
