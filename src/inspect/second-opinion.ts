/**
 * A second opinion on a diff. It can only withhold: whatever it answers, it lets nothing through that our own rules
 * hold back. The diff and the issue are data to it, and its answer is data to us: one that does not fit is none.
 */
import { randomBytes } from 'node:crypto';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import type { PathChange } from '../core/gate/diff.ts';
import type { Opinion } from '../core/gate/evidence.ts';
import type { Spec } from '../core/lane/state.ts';
import { removeInvisible } from '../protocol/hidden-text.ts';
import { readReviewAnswer, renderChanges, reviewInstructions } from '../protocol/review-text.ts';

export type OpinionGiven = Pick<Opinion, 'verdict' | 'by' | 'summary'>;

/** Whoever gives a second opinion. Never throws: what goes wrong is no opinion, with the reason. */
export interface SecondOpinion {
  review(diff: readonly PathChange[], spec: Spec): Promise<OpinionGiven>;
}

/** Any server that speaks OpenAI's chat completions. */
export interface ModelConfig {
  url: string;
  key: string;
  model: string;
}

const longestDiff = 60_000;
const timeoutMs = 30_000;

const instructions = `You review a change to a source repository for a person who decides whether it may land.
You get a task and a diff between two lines that carry the same random mark.
${reviewInstructions}`;

function renderPrompt(changes: readonly PathChange[], spec: Spec): string {
  const mark = randomBytes(12).toString('hex');
  const task = [spec.title, spec.requirements, spec.design, ...spec.acceptance].join('\n');
  return [
    `----- ${mark} task`,
    removeInvisible(task).slice(0, longestDiff),
    `----- ${mark} diff`,
    renderChanges(changes).slice(0, longestDiff),
    `----- ${mark} end`,
  ].join('\n');
}

/** What failed, without the words of the server that failed: they may repeat what was sent. */
function explain(error: unknown): string {
  if (error instanceof Error && /abort|timeout/iu.test(error.name)) return 'it did not answer in time';
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : null;
  return typeof status === 'number' ? `it answered ${status}` : 'it could not be reached';
}

/** Asks a language model. */
export function openModelOpinion({ url, key, model }: ModelConfig): SecondOpinion {
  const provider = createOpenAICompatible({ name: 'second-opinion', baseURL: url, apiKey: key });
  const by = `llm ${model}`.slice(0, 80);
  return {
    async review(diff, spec) {
      try {
        const { text } = await generateText({
          model: provider(model),
          system: instructions,
          prompt: renderPrompt(diff, spec),
          maxRetries: 0,
          abortSignal: AbortSignal.timeout(timeoutMs),
        });
        return { by, ...readReviewAnswer(text) };
      } catch (error) {
        return { by, verdict: 'none', summary: explain(error) };
      }
    },
  };
}
