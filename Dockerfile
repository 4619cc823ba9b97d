# Debian and not Alpine: the embedded Postgres needs glibc. In production, set DATABASE_URL instead.
FROM node:24-bookworm-slim
# Late work that workers hand in as bundles is pushed with git.
RUN apt-get update && apt-get install -y --no-install-recommends git ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
# The image brings Node 24 itself, so that optional dependency is left out; Postgres' binaries are wanted.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY bin bin
COPY migrations migrations
COPY src src
RUN mkdir -p /data && chown node:node /data
USER node
ENV HOST=0.0.0.0 PORT=3000 SIGNALBOX_DATA=/data LOG_FORMAT=json
VOLUME /data
EXPOSE 3000
HEALTHCHECK CMD node -e "fetch('http://127.0.0.1:'+process.env.PORT+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
ENTRYPOINT ["node", "bin/signalbox.js"]
CMD ["serve"]
