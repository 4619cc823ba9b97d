import type { components as RestComponents } from '@octokit/openapi-types';
import type { components as HookComponents } from '@octokit/openapi-webhooks-types';

/** GitHub's own description of what its REST API answers. */
export type Rest = RestComponents['schemas'];
/** GitHub's own description of what its webhooks carry. */
export type Webhook = HookComponents['schemas'];
