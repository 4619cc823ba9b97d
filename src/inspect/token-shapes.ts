/** What tokens of GitHub, clouds and model vendors look like. Each expression reads a line once, in linear time. */

interface Shape {
  what: string;
  shape: RegExp;
}

const edge = '(?<![A-Za-z0-9_-])';

export const tokenShapes: readonly Shape[] = [
  { what: 'GitHub token', shape: new RegExp(`${edge}gh[pousr]_[A-Za-z0-9_.-]{20,}`, 'u') },
  { what: 'GitHub token', shape: new RegExp(`${edge}github_pat_[A-Za-z0-9_]{22,}`, 'u') },
  { what: 'GitLab token', shape: new RegExp(`${edge}gl(?:pat|dt|rt|ft)-[A-Za-z0-9_-]{20,}`, 'u') },
  { what: 'Anthropic key', shape: new RegExp(`${edge}sk-ant-[A-Za-z0-9_-]{20,}`, 'u') },
  { what: 'OpenAI key', shape: new RegExp(`${edge}sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}`, 'u') },
  { what: 'OpenAI key', shape: new RegExp(`${edge}sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}`, 'u') },
  { what: 'OpenRouter key', shape: new RegExp(`${edge}sk-or-v1-[0-9a-f]{40,}`, 'u') },
  { what: 'Hugging Face token', shape: new RegExp(`${edge}hf_[A-Za-z0-9]{30,}`, 'u') },
  { what: 'Groq key', shape: new RegExp(`${edge}gsk_[A-Za-z0-9]{40,}`, 'u') },
  { what: 'xAI key', shape: new RegExp(`${edge}xai-[A-Za-z0-9]{60,}`, 'u') },
  { what: 'Google API key', shape: new RegExp(`${edge}AIza[A-Za-z0-9_-]{35}`, 'u') },
  { what: 'Google OAuth secret', shape: new RegExp(`${edge}GOCSPX-[A-Za-z0-9_-]{20,}`, 'u') },
  { what: 'AWS access key', shape: new RegExp(`${edge}(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])`, 'u') },
  { what: 'Azure storage key', shape: /AccountKey=[A-Za-z0-9+/]{80,}={0,2}/u },
  { what: 'Slack token', shape: new RegExp(`${edge}xox[abeoprs]-[A-Za-z0-9-]{10,}`, 'u') },
  {
    what: 'Slack webhook',
    shape: /hooks\.slack\.com\/services\/T[A-Z0-9]{6,}\/B[A-Z0-9]{6,}\/[A-Za-z0-9]{20,}/u,
  },
  { what: 'Stripe key', shape: new RegExp(`${edge}[rs]k_live_[A-Za-z0-9]{20,}`, 'u') },
  { what: 'npm token', shape: new RegExp(`${edge}npm_[A-Za-z0-9]{36}`, 'u') },
  { what: 'PyPI token', shape: new RegExp(`${edge}pypi-[A-Za-z0-9_-]{40,}`, 'u') },
  { what: 'SendGrid key', shape: new RegExp(`${edge}SG\\.[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}`, 'u') },
  { what: 'DigitalOcean token', shape: new RegExp(`${edge}do[opr]_v1_[0-9a-f]{60,}`, 'u') },
  { what: 'private key', shape: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/u },
];
