// The page at /docs: the server's own OpenAPI document, to be read.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import icon from './icon.svg';
import { groupsOf, type Group, type OpenApiDocument } from './openapi-document.ts';
import { RouteView, routeId } from './route-view.tsx';
import { SchemaView } from './schema-view.tsx';

function Docs() {
  const [api, setApi] = useState<OpenApiDocument | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    readDocument().then(setApi, (error: unknown) => {
      setProblem(`openapi.json cannot be read: ${(error as Error).message}`);
    });
  }, []);
  if (api === null)
    return (
      <main class="docs">
        <p role="status">{problem === '' ? 'Reading openapi.json …' : problem}</p>
      </main>
    );
  const groups = groupsOf(api);
  return (
    <>
      <Head api={api} />
      <div class="docs">
        <Contents groups={groups} />
        <main>
          <Introduction api={api} />
          {groups.map((group) => (
            <section key={group.name} aria-label={group.name}>
              <h2>
                {group.name} <span class="quiet">{group.description}</span>
              </h2>
              {group.routes.map((route) => (
                <RouteView key={route.path} route={route} />
              ))}
            </section>
          ))}
        </main>
      </div>
    </>
  );
}

function Head({ api }: { api: OpenApiDocument }) {
  return (
    <header class="top">
      <h1>
        <img src={icon} alt="" width="28" height="28" />
        {api.info.title} <span class="model">API, version {api.info.version}</span>
      </h1>
      <nav aria-label="Elsewhere">
        <a href="./">Try it</a> <a href="./openapi.json">openapi.json</a>
      </nav>
    </header>
  );
}

async function readDocument(): Promise<OpenApiDocument> {
  const response = await fetch('./openapi.json');
  return (await response.json()) as OpenApiDocument;
}

function Contents({ groups }: { groups: readonly Group[] }) {
  return (
    <nav class="contents" aria-label="Routes">
      {groups.map(({ name, routes }) => (
        <div key={name}>
          <p class="quiet">{name}</p>
          <ul>
            {routes.map((route) => (
              <li key={route.path}>
                <a href={`#${routeId(route)}`}>{route.path}</a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function Introduction({ api }: { api: OpenApiDocument }) {
  return (
    <section class="card" aria-label="What holds for every route">
      <p>{api.info.description.replaceAll('`', '')}</p>
      <details>
        <summary>Errors</summary>
        <SchemaView schema={api.components.schemas.Error} />
      </details>
    </section>
  );
}

const root = document.querySelector('#page');
if (root !== null) {
  root.replaceChildren();
  render(<Docs />, root);
}
