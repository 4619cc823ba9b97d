/** How the agent API refuses: a stable code, what happened, and what to do. */

export interface RefusalText {
  status: 400 | 401 | 403 | 404 | 409 | 413 | 422;
  message: string;
  todo: string;
}

export const refusalTexts = {
  fenced: {
    status: 409,
    message: 'This attempt is not the present one any more: it ended, or another has taken over.',
    todo: 'Stop working on it, push nothing, and claim the next task. A bundle sent to /checkpoint is kept for a person.',
  },
  'unknown-task': {
    status: 404,
    message: 'There is no such task.',
    todo: 'Use the task id exactly as the claim gave it.',
  },
  foreign: {
    status: 403,
    message: 'This token is not for this agent or not for this repository.',
    todo: 'Use the token of the agent that the attempt was given to.',
  },
  'sequence-used': {
    status: 422,
    message: 'This sequence number was used for another call of the attempt.',
    todo: 'Use a higher number for a new call, and the same body when you repeat one.',
  },
  'sequence-forgotten': {
    status: 422,
    message: 'This sequence number is far behind the latest one, so its answer is not known any more.',
    todo: 'Use a number above the highest one used so far.',
  },
  'review-over': {
    status: 409,
    message:
      'This opinion is not asked for any more: there is another head or version, it came too late, or another reviewer has it.',
    todo: 'Claim the next review.',
  },
  'review-given': {
    status: 422,
    message: 'Another opinion was given under this claim.',
    todo: 'Claim the next review under a new claim_id.',
  },
  'bad-bundle': {
    status: 422,
    message: 'The body is not a git bundle.',
    todo: 'Send what `git bundle create` writes.',
  },
  'no-checkpoint': {
    status: 404,
    message: 'Nothing was kept of this task by this agent at this version.',
    todo: 'Start from the branch.',
  },
} as const satisfies Record<string, RefusalText>;

export type RefusalCode = keyof typeof refusalTexts;
