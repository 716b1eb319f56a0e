/** Jolokia in a small Java program, beside what the program's own MBeans say. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

const PATH = "/usr/share/java/jolokia-core.jar:/usr/share/java/json-simple.jar";

export default {
  collector: "JolokiaCollector",
  packages: {
    javac: "default-jdk-headless",
    "/usr/share/java/jolokia-core.jar": "libjolokia-core-java",
    curl: "curl",
  },

  async start({ folder, port }) {
    writeFileSync(`${folder}/Hosted.java`, program(port));
    const server = run("java", ["-Xmx64m", "-cp", PATH, `${folder}/Hosted.java`]);
    const url = `http://127.0.0.1:${port}/jolokia`;
    await answers("curl", ["-sf", `${url}/version`], 60);
    const bean = (name: string) => JSON.parse(say("curl", ["-sf", `${url}/read/${name}`])).value;
    return {
      version: bean("jolokia:type=Config").Debug === undefined
        ? "1.7"
        : say("curl", ["-sf", `${url}/version`]).match(/"agent":"([\d.]+)/)![1],
      options: `host = 127.0.0.1\nport = ${port}\ndomains = java.lang\n`,
      client() {
        const memory = bean("java.lang:type=Memory").HeapMemoryUsage;
        const threads = bean("java.lang:type=Threading");
        return new Map([
          ["java.lang.type_Memory.HeapMemoryUsage.max", memory.max],
          ["java.lang.type_Memory.HeapMemoryUsage.init", memory.init],
          ["java.lang.type_Threading.PeakThreadCount", threads.PeakThreadCount],
          ["java.lang.type_Threading.TotalStartedThreadCount", threads.TotalStartedThreadCount],
          [
            "java.lang.type_ClassLoading.LoadedClassCount",
            bean("java.lang:type=ClassLoading").LoadedClassCount,
          ],
        ]);
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;

/** Debian has Jolokia as a library only: this is what its agent does with a request. */
function program(port: number): string {
  return `import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.util.*;
import org.jolokia.backend.BackendManager;
import org.jolokia.config.Configuration;
import org.jolokia.http.HttpRequestHandler;
import org.jolokia.restrictor.AllowAllRestrictor;
import org.jolokia.util.LogHandler;

public class Hosted {
  public static void main(String[] args) throws Exception {
    LogHandler log = new LogHandler() {
      public void debug(String message) {}
      public void info(String message) {}
      public void error(String message, Throwable cause) {}
    };
    Configuration settings = new Configuration();
    settings.updateGlobalConfiguration(Collections.singletonMap("agentId", "tested"));
    BackendManager backend = new BackendManager(settings, log, new AllowAllRestrictor());
    HttpRequestHandler handler = new HttpRequestHandler(settings, backend, log);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", ${port}), 0);
    server.createContext("/jolokia", exchange -> {
      Map<String, String[]> query = new HashMap<>();
      String raw = exchange.getRequestURI().getRawQuery();
      if (raw != null) {
        for (String pair : raw.split("&")) {
          String[] parts = pair.split("=", 2);
          query.put(decode(parts[0]), new String[] {decode(parts.length > 1 ? parts[1] : "")});
        }
      }
      String path = exchange.getRequestURI().getPath().substring("/jolokia".length());
      String answer;
      try {
        String uri = exchange.getRequestURI().toString();
        answer = handler.handleGetRequest(uri, path.equals("/") ? null : path, query).toJSONString();
      } catch (Throwable error) {
        answer = handler.handleThrowable(error).toJSONString();
      }
      byte[] bytes = answer.getBytes("UTF-8");
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    server.start();
  }

  static String decode(String text) throws java.io.UnsupportedEncodingException {
    return URLDecoder.decode(text, "UTF-8");
  }
}
`;
}
