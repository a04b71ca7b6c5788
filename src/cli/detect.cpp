#include "cli/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json_codec.h"
#include "model/service.h"

namespace croft::cli {
namespace {

namespace fs = std::filesystem;

bool has(const fs::path& folder, const char* name) {
  std::error_code ignored;
  return fs::exists(folder / name, ignored);
}

std::string content(const fs::path& path) {
  return read_file(path, 1u << 20).value_or("");
}

// One line each, as a YAML list below a key.
std::string yaml_list(const std::vector<std::string>& lines, int indent) {
  std::string out;
  for (const std::string& line : lines) {
    out += fmt::format("{:{}}- {}\n", "", indent, line);
  }
  return out;
}

// What the parts of a croft.yml have in common.
struct Recipe {
  std::string base;
  std::vector<std::string> build;
  std::vector<std::string> files;
  std::vector<std::string> cache;
  std::string run_base;
  std::vector<std::string> env;  // "KEY: value"
  int port = 0;                  // 0: the server of the image has its own
  std::string start;
  std::string document_root;
  bool start_is_a_guess = false;
};

std::string render(const Recipe& r) {
  std::string out =
      "# How croft builds and runs this folder. Check it: croft config validate croft.yml\n"
      "croft:\n"
      "  # A setup is used for the service of the same name, or with: croft deploy SERVICE --setup "
      "SETUP\n"
      "  - setup: SETUP\n"
      "    build:\n"
      "      # Where the commands below run: a fresh container for each build.\n";
  out += fmt::format("      base: {}\n", r.base);
  if (!r.build.empty()) out += "      buildCommands:\n" + yaml_list(r.build, 8);
  out +=
      "      # What goes on to the running containers, into /var/www. `dist/~` means the "
      "contents of dist.\n      deployFiles:\n" +
      yaml_list(r.files, 8);
  if (!r.cache.empty()) {
    out += "      # Kept for the next build.\n      cache:\n" + yaml_list(r.cache, 8);
  }
  out += fmt::format("    run:\n      base: {}\n", r.run_base);
  if (!r.document_root.empty()) out += fmt::format("      documentRoot: {}\n", r.document_root);
  if (!r.env.empty()) {
    out +=
        "      # Also: croft service env set SETUP KEY=VALUE. ${db_connectionString} refers to "
        "service db.\n      envVariables:\n";
    for (const std::string& line : r.env) out += fmt::format("        {}\n", line);
  }
  if (r.port != 0) {
    out += fmt::format(
        "      # The application must listen on 0.0.0.0 (or ::), not on localhost.\n"
        "      ports:\n        - port: {}\n          httpSupport: true\n",
        r.port);
  }
  if (!r.start.empty()) {
    if (r.start_is_a_guess) out += "      # A guess: put your own start command here.\n";
    out += fmt::format("      start: {}\n", r.start);
  }
  return out;
}

class Detector {
 public:
  explicit Detector(const fs::path& folder) : folder_(folder) {}

  Detected run() {
    if (has(folder_, "package.json")) {
      node();
    } else if (has(folder_, "go.mod")) {
      go();
    } else if (has(folder_, "composer.json") || has(folder_, "index.php") ||
               has(folder_, "public/index.php")) {
      php();
    } else if (has(folder_, "requirements.txt") || has(folder_, "pyproject.toml") ||
               has(folder_, "manage.py")) {
      python();
    } else if (has(folder_, "index.html") || has(folder_, "public/index.html")) {
      static_files();
    }
    return std::move(found_);
  }

 private:
  void note(std::string text) { found_.findings.push_back(std::move(text)); }

  void answer(std::string technology, const Recipe& recipe) {
    found_.technology = std::move(technology);
    found_.type = recipe.run_base;
    found_.croft_yml = render(recipe);
  }

  static std::string text_at(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string()
               ? std::string(std::string_view(value->get_string()))
               : std::string();
  }

  static bool depends_on(const boost::json::object& package, std::string_view name) {
    for (const char* group : {"dependencies", "devDependencies"}) {
      const auto* list = package.if_contains(group);
      if (list != nullptr && list->is_object() && list->get_object().contains(name)) return true;
    }
    return false;
  }

  // The major version that package.json asks for, when the catalog has it.
  std::string node_major(const boost::json::object& package) {
    const auto* engines = package.if_contains("engines");
    const std::string range = engines != nullptr && engines->is_object()
                                  ? text_at(engines->get_object(), "node")
                                  : std::string();
    for (const char* major : {"18", "20", "22", "24"}) {
      const auto at = range.find(major);
      if (at == std::string::npos) continue;
      note(fmt::format("package.json asks for Node.js {}", range));
      return major;
    }
    return "22";
  }

  std::string install_command() {
    if (has(folder_, "pnpm-lock.yaml")) return "npx --yes pnpm install --frozen-lockfile";
    if (has(folder_, "yarn.lock")) return "npx --yes yarn install --frozen-lockfile";
    if (has(folder_, "package-lock.json")) return "npm ci";
    note("no lock file: `npm install` may bring other versions with every build");
    return "npm install";
  }

  void node() {
    const auto json = parse_json(content(folder_ / "package.json"));
    const boost::json::object package =
        json && json->is_object() ? json->get_object() : boost::json::object();
    if (package.empty()) note("package.json is not a JSON object");
    const auto* scripts_value = package.if_contains("scripts");
    const boost::json::object scripts = scripts_value != nullptr && scripts_value->is_object()
                                            ? scripts_value->get_object()
                                            : boost::json::object();
    const std::string base = "nodejs@" + node_major(package);
    const bool builds = scripts.contains("build");
    Recipe r{.base = base, .build = {install_command()}, .cache = {"node_modules"}};
    if (builds) r.build.push_back("npm run build");
    const bool bundler = depends_on(package, "vite") || depends_on(package, "react-scripts") ||
                         depends_on(package, "parcel") || depends_on(package, "astro");
    if (builds && bundler && !scripts.contains("start") && !depends_on(package, "express")) {
      const std::string out = depends_on(package, "react-scripts") ? "build" : "dist";
      note(fmt::format("a bundler without a start script: its build goes to {}/", out));
      r.files = {out + "/~"};
      r.run_base = "static";
      answer("static files", r);
      return;
    }
    r.files = {"./"};
    r.run_base = base;
    r.port = 3000;
    r.env = {"NODE_ENV: production", "PORT: \"3000\""};
    node_start(package, scripts, r);
    answer("Node.js", r);
  }

  void node_start(const boost::json::object& package, const boost::json::object& scripts,
                  Recipe& r) {
    if (scripts.contains("start")) {
      note("package.json has a start script");
      r.start = "npm start";
      return;
    }
    std::string main = text_at(package, "main");
    for (const char* file : {"server.js", "index.js", "app.js", "src/server.js", "src/index.js"}) {
      if (main.empty() && has(folder_, file)) main = file;
    }
    r.start_is_a_guess = main.empty();
    r.start = "node " + (main.empty() ? std::string("index.js") : main);
  }

  void go() {
    note("go.mod");
    std::string package = ".";
    std::error_code ignored;
    if (!has(folder_, "main.go") && fs::is_directory(folder_ / "cmd", ignored)) {
      std::vector<std::string> names;
      for (const auto& entry : fs::directory_iterator(folder_ / "cmd", ignored)) {
        if (entry.is_directory(ignored)) names.push_back(entry.path().filename().string());
      }
      std::ranges::sort(names);
      if (!names.empty()) package = "./cmd/" + names.front();
      if (names.size() > 1) note(fmt::format("several programs in cmd/; took {}", names.front()));
    }
    answer("Go", {.base = "go@1",
                  .build = {fmt::format("go build -o app {}", package)},
                  .files = {"app"},
                  .run_base = "go@1",
                  .env = {"PORT: \"8080\""},
                  .port = 8080,
                  .start = "./app"});
  }

  void php() {
    Recipe r{.base = "php@8.4", .files = {"./"}, .run_base = "php-nginx@8.4"};
    if (has(folder_, "composer.json")) {
      note("composer.json");
      r.build = {"composer install --no-dev --optimize-autoloader --no-interaction"};
      r.cache = {"vendor"};
    }
    if (has(folder_, "public/index.php")) {
      note("public/index.php: served from public/");
      r.document_root = "public";
    }
    answer("PHP", r);
  }

  void python() {
    Recipe r{.base = "python@3.13", .files = {"./"}, .run_base = "python@3.13", .port = 8000};
    const std::string requirements =
        content(folder_ / "requirements.txt") + content(folder_ / "pyproject.toml");
    const std::string install = "python3 -m pip install --target vendor ";
    if (has(folder_, "requirements.txt")) {
      note("requirements.txt");
      r.build = {install + "-r requirements.txt"};
    } else if (has(folder_, "pyproject.toml")) {
      note("pyproject.toml");
      r.build = {install + "."};
    }
    r.env = {"PORT: \"8000\"", "PYTHONUNBUFFERED: \"1\""};
    // Packages lie beside the code: they need no virtual environment and move with it.
    if (!r.build.empty()) r.env.push_back("PYTHONPATH: /var/www/vendor");
    std::string module;
    for (const char* name : {"main", "app", "server", "wsgi"}) {
      if (module.empty() && has(folder_, fmt::format("{}.py", name).c_str())) module = name;
    }
    r.start_is_a_guess = true;
    python_start(requirements, module.empty() ? "main" : module, r);
    answer("Python", r);
  }

  void python_start(const std::string& requirements, const std::string& module, Recipe& r) {
    const auto uses = [&](std::string_view name) {
      return requirements.find(name) != std::string::npos;
    };
    if (has(folder_, "manage.py")) {
      note("manage.py: Django");
      r.start = "python3 manage.py runserver 0.0.0.0:8000";
    } else if (uses("uvicorn") || uses("fastapi")) {
      note("an ASGI application");
      r.start = fmt::format("python3 -m uvicorn {}:app --host 0.0.0.0 --port 8000", module);
    } else if (uses("gunicorn")) {
      r.start = fmt::format("python3 -m gunicorn {}:app --bind 0.0.0.0:8000", module);
    } else if (uses("lask")) {  // Flask and flask
      note("Flask");
      r.start = fmt::format("python3 -m flask --app {} run --host 0.0.0.0 --port 8000", module);
    } else {
      r.start = fmt::format("python3 {}.py", module);
      r.start_is_a_guess = !has(folder_, fmt::format("{}.py", module).c_str());
    }
  }

  void static_files() {
    const bool below = !has(folder_, "index.html");
    note(below ? "public/index.html" : "index.html");
    answer("static files",
           {.base = "static", .files = {below ? "public/~" : "./"}, .run_base = "static"});
  }

  const fs::path& folder_;
  Detected found_;
};

}  // namespace

Detected detect_project(const fs::path& folder) {
  return Detector(folder).run();
}

std::string hostname_from(const fs::path& folder) {
  fs::path name = folder.lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  std::string host;
  for (char c : name.filename().string()) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool digit = c >= '0' && c <= '9';
    if ((c >= 'a' && c <= 'z') || (digit && !host.empty())) host.push_back(c);
  }
  host = host.substr(0, kMaxHostname);
  return valid_hostname(host) ? host : "app";
}

}  // namespace croft::cli
