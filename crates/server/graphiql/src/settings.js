// What the server wrote into the page: `url` of the endpoint, `assets` (folder of the files), `query` (the first text in
// the editor), `subscriptions` (whether the endpoint serves them).
export const settings = JSON.parse(document.getElementById('settings').textContent);
