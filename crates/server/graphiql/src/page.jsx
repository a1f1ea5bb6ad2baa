// The GraphiQL page. Everything it needs stands in this folder's build output; what differs from endpoint to endpoint
// (its URLs, its first query, where the assets are) comes from the JSON element `#settings`, so that the page needs no
// inline script and one policy fits every endpoint.

import './workers.js';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import './page.css';
import { settings } from './settings.js';

const here = new URL(settings.url, window.location.href);
const socket = new URL(here);
socket.protocol = here.protocol === 'https:' ? 'wss:' : 'ws:';

// The socket is opened by the first subscription, not before: an endpoint without subscriptions never sees it.
const fetcher = createGraphiQLFetcher({
  url: here.href,
  wsClient: settings.subscriptions ? createClient({ url: socket.href, lazy: true }) : undefined,
});

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={settings.query} defaultEditorToolsVisibility />,
);
