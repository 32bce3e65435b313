// One route of the API: methods, path, body, answers, refusals.

import { type Operation, type Route, schemaOf } from './openapi-document.ts';
import { SchemaView } from './schema-view.tsx';

export const routeId = ({ operation }: Route): string => operation.operationId;

export function RouteView({ route }: { route: Route }) {
  const { methods, path, operation } = route;
  const { summary, description, security, requestBody } = operation;
  const body = schemaOf(requestBody);
  return (
    <article class="card" id={routeId(route)}>
      <h3>
        {methods.map((method) => (
          <span key={method} class={`method ${method.toLowerCase()}`}>
            {method}
          </span>
        ))}
        <code>{path}</code>
        {security.length === 0 ? <span class="quiet">no key needed</span> : null}
      </h3>
      <p>
        {summary}. <span class="quiet">{description?.replaceAll('`', '')}</span>
      </p>
      {body === null ? null : (
        <details open={path.endsWith('/embeddings')}>
          <summary>Body</summary>
          <SchemaView schema={body.schema} />
        </details>
      )}
      <Answers responses={operation.responses} />
    </article>
  );
}

function Answers({ responses }: Pick<Operation, 'responses'>) {
  const answer = schemaOf(responses['200']);
  const refusals = Object.entries(responses).filter(([status]) => status !== '200');
  return (
    <>
      {answer === null ? null : (
        <details>
          <summary>
            Answer <span class="quiet">{answer.mediaType}</span>
          </summary>
          <SchemaView schema={answer.schema} />
        </details>
      )}
      <details>
        <summary>Refusals</summary>
        <dl class="refusals">
          {refusals.map(([status, { description }]) => (
            <div key={status}>
              <dt>{status}</dt>
              <dd>
                <code>{description}</code>
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}
