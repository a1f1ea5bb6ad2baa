// Tells the editor where its workers are. This must run before the first editor is made, so it is the first import of the
// page. The workers come from the same folder as the page's script: the policy allows no `blob:`.

import { settings } from './settings.js';

const FILE_BY_LABEL = { json: 'json.worker.js', graphql: 'graphql.worker.js' };

globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(`${settings.assets}/${FILE_BY_LABEL[label] ?? 'editor.worker.js'}`),
};
