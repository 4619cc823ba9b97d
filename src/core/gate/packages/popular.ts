/**
 * Names that others imitate. Chosen by hand from the packages that everybody knows in each ecosystem; a name that is
 * one or two letters away from one of these, and is none of them, deserves a second look. Not a list of what is safe.
 */
import type { Ecosystem } from '../diff.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/u));

export const popularNames: Readonly<Record<Ecosystem, ReadonlySet<string>>> = {
  npm: words(`
    ajv angular autoprefixer axios babel babel-core babel-loader bluebird body-parser bootstrap bootstrap-vue
    browserify chai chalk cheerio chokidar classnames colors commander compression concurrently cookie-parser core-js
    cors cross-env cross-spawn crypto-js css-loader d3 date-fns dayjs debug dotenv ejs electron ember esbuild eslint
    event-stream express express-session fast-check fastify fs-extra glob got graphql gulp handlebars helmet hono
    husky immer immutable inquirer ioredis jest joi jquery js-yaml jsdom jsonwebtoken knex koa less lint-staged lodash
    marked mime minimatch minimist mkdirp mocha moment mongodb mongoose morgan mssql multer mysql mysql2 nanoid next
    nock node-fetch node-sass nodemailer nodemon nuxt nyc octokit openai passport path-to-regexp pg picomatch pino
    playwright pm2 postcss preact prettier prisma probot prom-client prop-types protobufjs puppeteer qs querystring
    ramda react react-dom react-router react-router-dom react-scripts redis redux regenerator-runtime request
    rimraf rollup rxjs sass sass-loader semver sequelize serialize-javascript sharp shelljs sinon socket.io solid-js
    sqlite3 stripe style-loader styled-components superagent supertest svelte tailwindcss three ts-jest ts-node tslib
    tsx turbo typeorm typescript ua-parser-js uglify-js underscore undici uuid validator vite vitest vue vue-router
    vuex webpack webpack-cli webpack-dev-server winston ws yaml yargs zod zustand`),
  pypi: words(`
    aiohttp alembic anthropic anyio attrs azure-core bcrypt beautifulsoup4 black boto3 botocore celery certifi cffi
    charset-normalizer click colorama coverage cryptography cython dask discord.py django djangorestframework docutils
    fastapi flake8 flask gevent google-api-core google-auth google-cloud-storage gunicorn h5py httpx huggingface-hub
    idna ipython isort jinja2 joblib jsonschema jupyter keras langchain lxml markdown markupsafe matplotlib mypy
    networkx nltk notebook numba numpy openai opencv-python openpyxl packaging pandas paramiko pillow pip poetry
    protobuf psutil psycopg2 psycopg2-binary pyarrow pycryptodome pydantic pygments pyjwt pylint pymongo pymysql
    pyopenssl pyparsing pytest pytest-cov python-dateutil python-dotenv pytz pyyaml redis regex requests rich ruff
    s3transfer scikit-image scikit-learn scipy scrapy seaborn selenium sentry-sdk setuptools simplejson six spacy
    sphinx sqlalchemy starlette statsmodels streamlit sympy tensorflow tokenizers torch torchvision tornado tox tqdm
    transformers twine typer typing-extensions tzdata urllib3 uvicorn virtualenv websockets werkzeug wheel xgboost`),
  crates: words(`
    aes anyhow axum base64 bincode bitflags bytes cargo-edit cc chrono clap criterion crossbeam csv
    dashmap diesel dirs either env_logger fastrand flate2 futures glob half hashbrown heck hex hyper image indexmap
    indicatif itertools lazy_static libc log md5 memchr mime mio nom num num-traits num_cpus once_cell openssl
    parking_lot pin-project proc-macro2 proptest prost quick-xml quote rand rayon regex reqwest ring rusqlite rustls
    semver serde serde_derive serde_json serde_yaml sha1 sha2 smallvec socket2 sqlx structopt strum syn sysinfo
    tempfile thiserror time tokio tokio-util toml tonic tower tracing tracing-subscriber tungstenite unicode-width
    url uuid walkdir warp wasm-bindgen winapi zeroize zip`),
  go: words(`
    github.com/aws/aws-sdk-go github.com/aws/aws-sdk-go-v2 github.com/beorn7/perks github.com/burntsushi/toml
    github.com/cespare/xxhash github.com/davecgh/go-spew github.com/docker/docker github.com/fatih/color
    github.com/fsnotify/fsnotify github.com/gin-gonic/gin github.com/go-chi/chi github.com/go-redis/redis
    github.com/go-sql-driver/mysql github.com/gofiber/fiber github.com/gogo/protobuf github.com/golang-jwt/jwt
    github.com/golang/mock github.com/golang/protobuf github.com/google/go-cmp github.com/google/uuid
    github.com/gorilla/mux github.com/gorilla/websocket github.com/hashicorp/consul github.com/hashicorp/vault
    github.com/jackc/pgx github.com/jmoiron/sqlx github.com/json-iterator/go github.com/labstack/echo github.com/lib/pq
    github.com/mattn/go-sqlite3 github.com/mitchellh/mapstructure github.com/pkg/errors github.com/prometheus/client_golang
    github.com/redis/go-redis github.com/rs/zerolog github.com/sirupsen/logrus github.com/spf13/cobra
    github.com/spf13/pflag github.com/spf13/viper github.com/stretchr/testify github.com/urfave/cli go.etcd.io/etcd
    go.uber.org/zap golang.org/x/crypto golang.org/x/net golang.org/x/sync golang.org/x/sys golang.org/x/text
    google.golang.org/grpc google.golang.org/protobuf gopkg.in/yaml.v2 gopkg.in/yaml.v3 gorm.io/gorm k8s.io/api
    k8s.io/apimachinery k8s.io/client-go`),
};
