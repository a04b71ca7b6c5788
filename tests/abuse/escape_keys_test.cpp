// A8: keys by which a container gets out, in files and in bodies of the API. The specification that
// the engine gets is checked in src/reconcile/service_spec_test.cpp, the container that comes of it
// in containers_test.py.
#include <fmt/format.h>

#include "abuse_fixture.h"

namespace croft {
namespace {

constexpr const char* kEscapes[] = {"privileged: true",
                                    "cap_add: [SYS_ADMIN]",
                                    "capAdd: [SYS_ADMIN]",
                                    "pid: host",
                                    "ipc: host",
                                    "uts: host",
                                    "userns_mode: host",
                                    "network_mode: host",
                                    "devices: [/dev/mem]",
                                    "device_cgroup_rules: ['c 1:1 rwm']",
                                    "security_opt: [seccomp:unconfined]",
                                    "sysctls: {kernel.core_pattern: '|/x'}",
                                    "cgroup_parent: /",
                                    "runtime: io.containerd.runc.v2",
                                    "volumes_from: [db]",
                                    "volumes: ['/:/host']",
                                    "tmpfs: ['/x:exec,suid']",
                                    "binds: ['/var/run/docker.sock:/s']",
                                    "mounts: [{type: bind, source: /, target: /host}]",
                                    "configs: [{file: /etc/shadow}]",
                                    "secrets: [{file: /etc/shadow}]",
                                    "env_file: /etc/shadow",
                                    "include: /etc/shadow",
                                    "credential_spec: {file: x}",
                                    "plugins: [x]",
                                    "ulimits: {nofile: -1}",
                                    "dns: [127.0.0.1]",
                                    "networks: [other]",
                                    "labels: {croft.role: core}",
                                    "user: root",
                                    "entrypoint: /bin/sh",
                                    "image: alpine"};

class EscapeKeys : public Abuse {
 protected:
  static std::string key_of(const std::string& line) { return line.substr(0, line.find(':')); }
  void expect_refused(const Reply& reply, const std::string& key) {
    EXPECT_TRUE(reply.status == 400 || reply.status == 422) << key << "\n" << reply;
    EXPECT_NE(reply.body.find(key), std::string::npos) << key << "\n" << reply;
  }
};

TEST_F(EscapeKeys, A8InImportFiles) {
  const auto before = everything();
  for (const std::string line : kEscapes) {
    // A service may say what belongs to it under these names.
    if (line.starts_with("volumes: ")) continue;
    const boost::json::object body{
        {"yaml", "services:\n  - hostname: out\n    type: nodejs@22\n    " + line + "\n"},
        {"project", "den"}};
    expect_refused(attack("POST", "/import", boost::json::serialize(body)), key_of(line));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(EscapeKeys, A8InDeployments) {
  const auto before = everything();
  for (const char* section : {"build", "run", "deploy"}) {
    for (const std::string line : kEscapes) {
      const std::string config =
          fmt::format("croft:\n  - setup: pit\n    {}:\n      {}\n", section, line);
      const boost::json::object body{{"config", config}};
      expect_refused(
          attack("POST", "/projects/den/services/pit/versions", boost::json::serialize(body)),
          key_of(line));
    }
  }
  EXPECT_EQ(everything(), before);
}

// CVE-2026-44849 of another product: refused when something is created, let through by updates. Not
// even an owner can.
TEST_F(EscapeKeys, A8InEveryBodyOfTheApi) {
  const auto before = everything();
  int tried = 0;
  for (const auto& [path, item] : contract_.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      const auto* body =
          method == "parameters" ? nullptr : operation.as_object().if_contains("requestBody");
      if (body == nullptr || !body->at("content").as_object().contains("application/json"))
        continue;
      std::string target(path);
      for (const auto& [name, value] :
           {std::pair("{project}", "den"), std::pair("{service}", "pit"), std::pair("{key}", "A"),
            std::pair("{version}", "1")}) {
        const auto at = target.find(name);
        if (at != std::string::npos) target.replace(at, std::string(name).size(), value);
      }
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      for (const char* key :
           {"privileged", "HostConfig", "owner_id", "user_id", "role", "__proto__"}) {
        const Reply reply =
            ask(upper, target, owner_, boost::json::serialize(boost::json::object{{key, true}}));
        expect_refused(reply, key);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 50);
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace croft
