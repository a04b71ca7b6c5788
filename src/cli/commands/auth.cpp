// login, logout, whoami
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "cli/commands/commands.h"
#include "cli/prompts.h"
#include "cli/session.h"

namespace croft::cli {
namespace {

std::string token_name() {
  std::array<char, 65> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return "croft";
  return std::string("croft on ").append(host.data());
}

// "--password-stdin" and "--token-stdin": the first line of standard input.
Outcome<Secret> secret_from_input(Session& session, std::string_view option) {
  auto line = session.io().read_line();
  if (!line || line->empty()) {
    return stop_usage(fmt::format("--{}: standard input is empty", option));
  }
  return Secret(std::move(*line));
}

Outcome<Secret> password_from(Session& session, const Args& args, const std::string& question) {
  if (args.has("password-stdin")) return secret_from_input(session, "password-stdin");
  return prompt_secret(session, question, "--password-stdin");
}

Outcome<std::string> user_from(Session& session, const Args& args) {
  if (args.has("user")) return args.text("user");
  return prompt_line(session, "User", "--user NAME, or --token-stdin");
}

// A token by user name and password; with a setup token the user is made first.
Outcome<ApiLogin> log_in_with_password(Session& session, Api& api, const Args& args) {
  const bool setup = args.has("setup-token");
  CLI_LET(user, user_from(session, args));
  CLI_LET(password, password_from(session, args, setup ? "New password" : "Password"));
  boost::json::object body{
      {"user", user}, {"password", password.reveal()}, {"token_name", token_name()}};
  if (setup) body["setup_token"] = args.text("setup-token");
  CLI_LET(answer, api.post(setup ? "/setup" : "/login", std::move(body)));
  return decode<ApiLogin>(answer);
}

std::string default_context_name(const std::string& url) {
  const auto parsed = Url::parse(url);
  if (!parsed) return url;
  const bool usual = (parsed->scheme == "https" && parsed->port == 443) ||
                     (parsed->scheme == "http" && parsed->port == 80);
  return usual ? parsed->host : fmt::format("{}:{}", parsed->host, parsed->port);
}

Outcome<std::string> login_url(Session& session, const Args& args) {
  if (args.has("url")) return normalise_url(args.text("url"));
  CLI_LET(connection, session.connection());
  if (!connection->url.empty()) return connection->url;
  CLI_LET(answer, prompt_line(session, "Address of the server", "the server's URL"));
  return normalise_url(answer);
}

Outcome<void> remember(Session& session, const Args& args, const Connection& connection) {
  CLI_LET(file, load_contexts(session.io()));
  std::string name = args.text("name");
  if (name.empty()) name = session.options().context;
  if (name.empty()) name = default_context_name(connection.url);
  StoredContext* stored = file.find(name);
  if (stored == nullptr) stored = &file.contexts.emplace_back();
  // The project chosen on one server means nothing on another.
  const std::string project = stored->url == connection.url ? stored->project : "";
  *stored = {name,    connection.url,    connection.token.reveal(), connection.user,
             project, connection.ca_file};
  file.current = name;
  CLI_TRY(save_contexts(session.io(), file));
  if (!session.io().variable("CROFT_TOKEN").empty()) {
    session.out().note("CROFT_TOKEN is set and wins over this login");
  }
  return {};
}

Outcome<void> run_login(Session& session, const Args& args) {
  Connection connection;
  CLI_LET(url, login_url(session, args));
  connection.url = url;
  connection.ca_file = args.text("ca-file", session.io().variable("CROFT_CA_FILE"));
  if (!connection.ca_file.empty()) {
    connection.ca_file = std::filesystem::absolute(session.io().cwd / connection.ca_file).string();
  }
  if (args.has("token-stdin")) {
    CLI_LET(token, secret_from_input(session, "token-stdin"));
    connection.token = token;
  } else {
    Api anonymous(connection);
    CLI_LET(login, log_in_with_password(session, anonymous, args));
    connection.token = Secret(login.token);
  }
  // Proves the token, and tells whose it is.
  Api api(connection);
  CLI_LET(answer, api.get("/whoami"));
  CLI_LET(whoami, decode<ApiWhoami>(answer));
  connection.user = whoami.user.name;
  CLI_TRY(remember(session, args, connection));
  if (session.out().json()) {
    session.out().value(answer);
  } else {
    session.out().progress(fmt::format("logged in to {} as {}", url, connection.user));
  }
  return {};
}

Outcome<void> run_logout(Session& session, const Args&) {
  CLI_LET(connection, session.connection());
  CLI_LET(file, load_contexts(session.io()));
  StoredContext* stored = file.find(connection->context);
  if (stored == nullptr || stored->token.empty()) {
    session.out().progress("not logged in; nothing to do");
    return {};
  }
  // The token of the file, not one of the environment: that is somebody else's to revoke.
  Connection own = *connection;
  own.url = stored->url;
  own.token = Secret(stored->token);
  Api api(own);
  const auto revoked = api.post("/logout");
  stored->token.clear();
  CLI_TRY(save_contexts(session.io(), file));
  if (!revoked && revoked.error().exit != kExitAuth) {
    session.out().note("the token is forgotten here, but the server did not revoke it:");
    return stop(revoked.error());
  }
  session.out().progress(fmt::format("logged out of {}", own.url));
  return {};
}

Outcome<void> run_whoami(Session& session, const Args&) {
  CLI_LET(api, session.api());
  CLI_LET(answer, api->get("/whoami"));
  if (session.out().json()) {
    session.out().value(answer);
    return {};
  }
  CLI_LET(whoami, decode<ApiWhoami>(answer));
  CLI_LET(connection, session.connection());
  session.out().table({{"USER", "ROLE", "SERVER", "VERSION", "TOKEN", "SCOPES", "EXPIRES"},
                       {whoami.user.name, whoami.user.role, api->url(), whoami.server_version,
                        whoami.token.name, fmt::format("{}", fmt::join(whoami.token.scopes, ",")),
                        whoami.token.expires_at.value_or("never")}});
  return {};
}

constexpr ArgSpec kLoginArgs[] = {
    {.name = "URL",
     .help = "https://croft.example.com; default: the server of the context or CROFT_URL",
     .required = false}};

constexpr OptionSpec kLoginOptions[] = {
    {.name = "token-stdin", .help = "read a token from standard input"},
    {.name = "user", .letter = 'u', .value = "NAME", .help = "log in with a password"},
    {.name = "password-stdin", .help = "read the password from standard input"},
    {.name = "setup-token",
     .value = "TOKEN",
     .help = "one-time token of a new installation: makes its first user"},
    {.name = "ca-file",
     .value = "FILE",
     .help = "trust this CA (PEM) instead of the system's",
     .completes = Completes::kFile},
    {.name = "name", .value = "NAME", .help = "name of the context; default: the server's host"}};

constexpr Command kCommands[] = {
    {.name = "login",
     .summary = "Log in to a server and make it the current context",
     .args = kLoginArgs,
     .options = kLoginOptions,
     .examples = "croft login https://croft.example.com\n"
                 "croft login http://127.0.0.1:8080 --setup-token TOKEN --user ann\n"
                 "croft login https://croft.example.com --token-stdin < token.txt",
     .notes = "The token is kept in $XDG_CONFIG_HOME/croft/contexts.json, readable by you only.\n"
              "CROFT_URL and CROFT_TOKEN win over it and need no login.",
     .run = run_login},
    {.name = "logout",
     .summary = "Revoke the token of the current context and forget it",
     .examples = "croft logout",
     .run = run_logout},
    {.name = "whoami",
     .summary = "Show the user, the token's scopes and the server",
     .examples = "croft whoami\ncroft whoami --json",
     .run = run_whoami},
};

}  // namespace

std::span<const Command> auth_commands() {
  return kCommands;
}

}  // namespace croft::cli
