/** Who a job of GitHub Actions is, by its OIDC token: nothing that a workflow would have to keep secret. */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { z } from 'zod';

/** https://docs.github.com/en/actions/reference/security/oidc */
const Claims = z.object({
  repository: z.string(),
  repository_id: z.string().regex(/^\d{1,15}$/),
  ref: z.string(),
  workflow_ref: z.string(),
  run_id: z.string().regex(/^\d{1,15}$/),
  event_name: z.string(),
});

export interface RunIdentity {
  repository: string;
  repoId: number;
  run: number;
  /** `owner/name/.github/workflows/file.yml@refs/heads/branch`: the workflow that was started, not one it calls. */
  workflowRef: string;
  ref: string;
  event: string;
}

/** Answers who a token is about; null when it is not valid for this audience. */
export type VerifyRunToken = (token: string, audience: string) => Promise<RunIdentity | null>;

/** The issuer of a GitHub: github.com's, or that of an Enterprise Server (docs, "OpenID Connect with GHES"). */
export function oidcIssuerOf(apiUrl: string): string {
  const { hostname, origin } = new URL(apiUrl);
  return hostname === 'api.github.com'
    ? 'https://token.actions.githubusercontent.com'
    : `${origin}/_services/token`;
}

const clockToleranceSeconds = 30;

/**
 * Makes the verifier for one issuer. Its keys are read when they are first needed and kept for a while.
 * @throws when the issuer's keys cannot be read
 */
export function createRunTokenVerifier(issuer: string): VerifyRunToken {
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`));
  return async (token, audience) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ['RS256'],
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: clockToleranceSeconds,
      });
      const claims = Claims.safeParse(payload);
      if (!claims.success) return null;
      const { repository, repository_id, run_id, workflow_ref, ref, event_name } = claims.data;
      return {
        repository,
        repoId: Number(repository_id),
        run: Number(run_id),
        workflowRef: workflow_ref,
        ref,
        event: event_name,
      };
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      return null;
    }
  };
}
