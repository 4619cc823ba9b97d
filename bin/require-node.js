// Plain JavaScript that every Node can read: the rest of the program needs Node 22.18 or newer.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Signalbox needs Node 22.18 or newer (24 recommended); this is Node ${process.versions.node}.\n` +
      'Run "npm ci" in the checkout: it brings Node 24 along (optional dependency "node").\n' +
      'If that was skipped (npm --omit=optional, or npm 12 with blocked install scripts), install Node 24 yourself.',
  );
  process.exit(1);
}
