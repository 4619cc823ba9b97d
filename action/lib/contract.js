/** A job's side of the agent contract: known by its OIDC token, no secret anywhere. Needs Node 20 and nothing else. */

/** An input of the action or a variable of the runner. */
export function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** https://docs.github.com/en/actions/reference/security/oidc : asks the runner for a token. */
async function oidcToken(audience) {
  const url = new URL(need('ACTIONS_ID_TOKEN_REQUEST_URL'));
  url.searchParams.set('audience', audience);
  const headers = { authorization: `Bearer ${need('ACTIONS_ID_TOKEN_REQUEST_TOKEN')}` };
  const answer = await fetch(url, { headers });
  if (!answer.ok)
    throw new Error(`the runner gives no OIDC token (${answer.status}): is id-token: write set?`);
  return (await answer.json()).value;
}

const tries = 8;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls one operation; an answer that does not come is asked for again, because every call can be repeated. */
export async function call(operation, body) {
  const url = need('SIGNALBOX_URL').replace(/\/+$/, '');
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${url}/api/agent/v1/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await oidcToken(url)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch((error) => ({ ok: false, status: 503, text: async () => String(error.cause ?? error) }));
    if (answer.ok) return answer.json();
    const text = await answer.text();
    if (answer.status < 500 || attempt >= tries) throw new Error(`${operation}: ${answer.status} ${text}`);
    await pause(500 * 2 ** attempt);
  }
}

/** Says that the run has begun, and answers what it is to do. Safe to repeat: every job of the run may ask. */
export async function start() {
  const inputs = { task: need('SIGNALBOX_TASK'), attempt: need('SIGNALBOX_ATTEMPT') };
  for (let attempt = 1; attempt <= 60; attempt++) {
    const { task, retry_after_seconds } = await call('start', inputs);
    if (task) return task;
    await pause(retry_after_seconds * 1000);
  }
  throw new Error('Signalbox does not know this run');
}

/** The fields that every call about the attempt has. */
export function fieldsOf({ task, attempt, fence, version, next_sequence }) {
  return { task, attempt, fence, version, sequence: next_sequence };
}
