/** Services that answer by HTTP. */

import { type Discovery, type Found, type Place } from "./place.ts";
import { findPage, type Page, pages } from "./questions.ts";

const NGINX = ["nginx", "openresty", "angie"];
const APACHE = ["apache2", "httpd"];
const NGINX_PATHS = ["/nginx_status", "/stub_status", "/basic_status", "/status"];
const FPM_PATHS = ["/fpm-status", "/status", "/php-fpm-status"];

/** What a server that lacks its page answers, for a hint. */
function denied(others: readonly Page[]): Page | undefined {
  return others.find(({ answer }) => answer.status === 401 || answer.status === 403);
}

function isServer(name: RegExp): (page: Page) => boolean {
  return ({ answer }) => name.test(answer.headers.server ?? "");
}

export const web: readonly Discovery[] = [
  {
    collector: "NginxCollector",
    async discover(place) {
      const endpoints = place.endpoints(NGINX, [80, 8080]);
      const { page, others } = await findPage(
        pages(place, endpoints, NGINX_PATHS),
        ({ body }) => body.startsWith("Active connections"),
      );
      if (page !== undefined) {
        const { host, port } = page.endpoint;
        return {
          why: `nginx answers at ${page.url}`,
          options: { req_host: host, req_port: String(port), req_path: page.path },
        };
      }
      const own = others.filter(isServer(/^(nginx|openresty|angie)/i));
      if (own.length === 0) return undefined;
      const locked = denied(own);
      const { host, port } = (locked ?? own[0]).endpoint;
      return {
        why: locked === undefined
          ? `nginx is at ${host}:${port}, without a page of stub_status`
          : `nginx refuses ${locked.url}`,
        options: {
          req_host: host,
          req_port: String(port),
          req_path: locked?.path ?? "/nginx_status",
        },
        lacks: [
          `location = ${
            locked?.path ?? "/nginx_status"
          } { stub_status; allow 127.0.0.1; deny all; }`,
          "in a server block of nginx, then reload it",
        ],
      };
    },
  },
  {
    collector: "HttpdCollector",
    async discover(place) {
      const path = "/server-status?auto";
      const { page, others } = await findPage(
        pages(place, place.endpoints(APACHE, [80, 8080]), [path]),
        ({ body }) => /^Scoreboard:/m.test(body),
      );
      if (page !== undefined) {
        return {
          why: `Apache answers at ${page.url}`,
          options: { urls: `localhost ${page.url}` },
        };
      }
      const own = others.find(isServer(/^Apache/i));
      if (own === undefined) return undefined;
      return {
        why:
          `Apache is at ${own.endpoint.host}:${own.endpoint.port}, and answers ${own.answer.status} to ${path}`,
        options: { urls: `localhost ${own.url}` },
        lacks: [
          "<Location /server-status>",
          "  SetHandler server-status",
          "  Require local",
          "</Location>",
        ],
      };
    },
  },
  {
    collector: "PhpFpmCollector",
    async discover(place) {
      const { page } = await findPage(
        pages(
          place,
          place.endpoints([...NGINX, ...APACHE], [80, 8080]),
          FPM_PATHS.map((path) => `${path}?json`),
        ),
        ({ body }) => body.includes('"accepted conn"'),
      );
      if (page === undefined) return undefined;
      const { host, port } = page.endpoint;
      const uri = page.path.replace(/^\/|\?.*$/g, "");
      return { why: `PHP-FPM answers at ${page.url}`, options: { host, port: String(port), uri } };
    },
  },
  {
    collector: "ElasticSearchCollector",
    async discover(place) {
      const endpoints = place.endpoints([], [9200]);
      const { page, others } = await findPage(
        pages(place, endpoints, ["/"]),
        ({ body }) => body.includes('"cluster_name"'),
      );
      if (page === undefined) return withLogin(others, "Elasticsearch or OpenSearch", "monitor");
      const { host, port } = page.endpoint;
      return {
        why: `Elasticsearch or OpenSearch answers at ${page.url}`,
        options: { host, port: String(port) },
      };
    },
  },
  { collector: "RabbitMQCollector", discover: rabbit },
];

async function rabbit(place: Place): Promise<Found | undefined> {
  const login = { user: "guest", password: "guest" };
  const usual = place.endpoints([], [15672, 55672]);
  const endpoints = usual.length > 0 ? usual : place.endpoints(["beam.smp"], []);
  const { page, others } = await findPage(
    pages(place, endpoints, ["/api/overview"], { login }),
    ({ body }) => body.includes('"rabbitmq_version"'),
  );
  if (page !== undefined) {
    const { host, port } = page.endpoint;
    return { why: `RabbitMQ answers at ${page.url}`, options: { host: `${host}:${port}` } };
  }
  const { endpoint, answer } = others[0] ?? {};
  if (answer?.status === 401 && endpoint !== undefined) {
    return {
      why: `RabbitMQ at ${endpoint.host}:${endpoint.port} does not let guest in`,
      options: {
        host: `${endpoint.host}:${endpoint.port}`,
        user: "diamond",
        password: "file:/etc/diamond/rabbitmq.password",
      },
      lacks: [
        "rabbitmqctl add_user diamond PASSWORD",
        "rabbitmqctl set_user_tags diamond monitoring",
        "rabbitmqctl set_permissions -p / diamond '^$' '^$' '^$'",
      ],
    };
  }
  if (place.endpoints([], [5672]).length === 0 || !place.runs(["beam.smp"])) return undefined;
  return {
    why: "RabbitMQ runs without its management API",
    options: { host: "127.0.0.1:15672" },
    lacks: ["rabbitmq-plugins enable rabbitmq_management"],
  };
}

function withLogin(others: readonly Page[], name: string, privilege: string): Found | undefined {
  const locked = denied(others);
  if (locked === undefined) return undefined;
  const { host, port } = locked.endpoint;
  return {
    why: `${name} at ${host}:${port} wants a login`,
    options: { host, port: String(port), user: "diamond", password: "file:/etc/diamond/password" },
    lacks: [`a user with the cluster privilege "${privilege}"`],
  };
}
