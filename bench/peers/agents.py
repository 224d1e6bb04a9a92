"""How each agent is set up and started.  One class an agent; nothing here measures.

Every agent gets a home of its own below `top`, the same work tree, and the model's address.  It runs
as an ordinary user with leave to do everything it is asked, since what is measured is the way there."""
import json
import os
import subprocess

FILES = 100


class Agent:
    package = None        # its folder below the peers' folder
    sandboxes = (False,)  # with its own sandbox around commands, without
    reads = True          # has a tool that reads a file
    prompt = ">"          # a regular expression that is on the screen when it takes input
    has_tui = True

    def __init__(self, top, peers, url):
        self.top, self.peers, self.url = top, peers, url
        self.home = os.path.join(top, self.name)
        self.work = os.path.join(top, "work")
        os.makedirs(self.home, exist_ok=True)
        self.set_up()

    def set_up(self):
        pass

    def put(self, path, content):
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(content if isinstance(content, str) else json.dumps(content))

    def there(self):
        return os.path.exists(os.path.join(self.peers, self.package, "done"))

    def bin(self, name):
        return os.path.join(self.peers, self.package, "node_modules", ".bin", name)

    def node(self):
        return os.path.join(self.peers, "node22", "node_modules", "node", "bin", "node")

    def folder(self, script):
        """Where it works."""
        return self.work

    def env(self, script, sandboxed=False):
        return {"HOME": self.home, "USER": "nobody", "LOGNAME": "nobody", "SHELL": "/bin/bash", "LANG": "C.UTF-8",
                "PATH": os.path.dirname(self.node()) + ":/usr/local/bin:/usr/bin:/bin", "TERM": "xterm-256color",
                "COLORTERM": "truecolor", "NO_UPDATE_NOTIFIER": "1", "DO_NOT_TRACK": "1"}

    def version(self):
        return self.exe() + ["--version"]

    def size(self):
        """Folders that hold what was installed."""
        return [os.path.join(self.peers, self.package, "node_modules")]


def size_with_node(self):
    """Of one that needs a Node besides."""
    return Agent.size(self) + [os.path.join(self.peers, "node22", "node_modules")]


class Seal(Agent):
    name, prompt, sandboxes = "seal", "›", (True,)
    build = None

    def set_up(self):
        self.put("bin/.keep", "")
        for name in ("seal", "seald", "seal-init", "agent.cwasm"):
            to = os.path.join(self.home, "bin", name)
            subprocess.run(["cp", os.path.join(self.build, name), to], check=True)
            if not name.endswith("wasm"):
                subprocess.run(["strip", to], check=True)
        self.signed = set()

    def there(self):
        return True

    def exe(self):
        return [os.path.join(self.home, "bin", "seal")]

    def size(self):
        return [os.path.join(self.home, "bin")]

    def env(self, script, sandboxed=False):
        dirs = {"XDG_" + n: os.path.join(self.home, n.lower()) for n in ("RUNTIME_DIR", "STATE_HOME", "CONFIG_HOME")}
        return super().env(script) | dirs | {"ANTHROPIC_API_KEY": "k", "SEAL_DEBUGGABLE": "1"}

    def folder(self, script):
        return os.path.join(self.home, "work-" + script)

    def prepare(self, script, run):
        """A project of its own for each script, since a signature holds for one project's address of the model."""
        os.makedirs(os.path.join(self.home, "runtime_dir"), mode=0o700, exist_ok=True)
        folder = self.folder(script)
        if os.path.exists(folder):
            return
        subprocess.run(["cp", "-r", self.work, folder], check=True)
        with open(os.path.join(folder, "seal.toml"), "w") as out:
            out.write('schema_version = 1\n[model]\nprovider = "anthropic"\nname = "m"\n'
                      f'base_url = "{self.url}/{script}"\n[limits]\nmax_turns = 200\n[capabilities.allow.read]\ndefault_files = ["*"]\npaths = ["."]\n[capabilities.allow.commands]\npatterns = ["true *"]\n')
        shown = run(self.exe() + ["manifest", "show"], self.env(script), folder).stdout
        digest = next(line.split()[1] for line in shown.splitlines() if line.startswith("Hash "))
        run(self.exe() + ["manifest", "sign", "--approve", digest], self.env(script), folder)

    def headless(self, script, sandboxed):
        return self.exe() + ["run", "go"]

    def tui(self, script):
        return self.exe()

    def sandboxed_true(self):
        return self.exe() + ["sandbox", "exec", "--", "true"]


class Codex(Agent):
    name = package = "codex"
    sandboxes, reads, prompt = (False, True), False, "›"

    def set_up(self):
        self.put(".codex/config.toml", f'model = "gpt-5.5"\nmodel_provider = "local"\ncheck_for_update_on_startup = false\n'
                 f'[model_providers.local]\nname = "local"\nbase_url = "{self.url}/s0/v1"\nwire_api = "responses"\n'
                 f'request_max_retries = 0\nstream_max_retries = 0\n[analytics]\nenabled = false\n'
                 f'[projects."{self.work}"]\ntrust_level = "trusted"\n')

    def exe(self):
        """The binary itself: its launcher in Node adds some 70 ms that a person can avoid."""
        return [os.path.join(self.peers, self.package, "node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex")]

    def headless(self, script, sandboxed):
        mode = ["-s", "workspace-write", "-c", 'approval_policy="never"'] if sandboxed else ["--dangerously-bypass-approvals-and-sandbox"]
        return self.exe() + ["exec", "--skip-git-repo-check", *mode, "-c", f'model_providers.local.base_url="{self.url}/{script}/v1"', "go"]

    def tui(self, script):
        return self.exe()

    def sandboxed_true(self):
        return self.exe() + ["sandbox", "--", "true"]


class Claude(Agent):
    name = package = "claude-code"
    sandboxes, prompt = (False, True), "❯|> "

    def set_up(self):
        self.put(".claude.json", {"hasCompletedOnboarding": True, "theme": "dark", "bypassPermissionsModeAccepted": True, "numStartups": 5,
                                  "customApiKeyResponses": {"approved": ["sk-ant-mock-00000000"], "rejected": []},
                                  "projects": {self.work: {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True, "allowedTools": []}}})
        self.put(".claude/settings.json", {"skipDangerousModePermissionPrompt": True})
        self.put("sandbox.json", {"sandbox": {"enabled": True, "autoAllowBashIfSandboxed": True, "failIfUnavailable": True,
                                              "allowUnsandboxedCommands": False}})

    def exe(self):
        return [self.bin("claude")]

    def env(self, script, sandboxed=False):
        off = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER")
        return super().env(script) | dict.fromkeys(off, "1") | {"ANTHROPIC_BASE_URL": f"{self.url}/{script}", "ANTHROPIC_API_KEY": "sk-ant-mock-00000000"}

    def headless(self, script, sandboxed):
        mode = ["--settings", os.path.join(self.home, "sandbox.json")] if sandboxed else []
        return self.exe() + ["-p", "--dangerously-skip-permissions", *mode, "go"]

    def tui(self, script):
        return self.exe()


class Opencode(Agent):
    name = package = "opencode"
    prompt = "Ask anything"

    def set_up(self):
        self.put(".config/opencode/opencode.json", {
            "autoupdate": False, "share": "disabled", "permission": "allow", "model": "local/m", "small_model": "local/m",
            "provider": {"local": {"npm": "@ai-sdk/openai-compatible", "name": "local", "options": {"baseURL": "{env:MODEL_URL}", "apiKey": "k"},
                                   "models": {"m": {"name": "m", "limit": {"context": 200000, "output": 8192}}}}}})

    def exe(self):
        return [self.bin("opencode")]

    def env(self, script, sandboxed=False):
        off = ("OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_LSP_DOWNLOAD")
        return super().env(script) | dict.fromkeys(off, "1") | {"MODEL_URL": f"{self.url}/{script}/v1"}

    def headless(self, script, sandboxed):
        return self.exe() + ["run", "-m", "local/m", "go"]

    def tui(self, script):
        return self.exe()


class Gemini(Agent):
    name = package = "gemini-cli"
    prompt = "Type your message"

    def set_up(self):
        self.put(".gemini/settings.json", {
            "general": {"disableAutoUpdate": True, "enableAutoUpdate": False, "disableUpdateNag": True, "enableAutoUpdateNotification": False},
            "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
            "privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}, "ui": {"theme": "Default", "hideTips": True}})
        self.put(".gemini/trustedFolders.json", {self.work: "TRUST_FOLDER"})

    def exe(self):
        return [self.node(), self.bin("gemini")]

    def env(self, script, sandboxed=False):
        return super().env(script) | {"GOOGLE_GEMINI_BASE_URL": f"{self.url}/{script}", "GEMINI_API_KEY": "k"}

    def headless(self, script, sandboxed):
        return self.exe() + ["-m", "gemini-2.5-pro", "--yolo", "-p", "go"]

    def tui(self, script):
        return self.exe() + ["-m", "gemini-2.5-pro"]

    size = size_with_node


class Pi(Agent):
    name = package = "pi"
    prompt = "0.0%"

    def exe(self):
        return [self.node(), self.bin("pi")]

    def env(self, script, sandboxed=False):
        folder = os.path.join(self.home, "agent-" + script)
        if not os.path.exists(folder):
            self.put(folder + "/models.json", {"providers": {"local": {
                "baseUrl": f"{self.url}/{script}/v1", "api": "openai-completions", "apiKey": "k",
                "models": [{"id": "m", "name": "m", "reasoning": False, "input": ["text"], "contextWindow": 200000, "maxTokens": 8192,
                            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}}]}}})
            self.put(folder + "/settings.json", {"defaultProvider": "local", "defaultModel": "m", "quietStartup": False, "enableInstallTelemetry": False})
            subprocess.run(["chown", "-R", f"{os.stat(self.home).st_uid}", folder], check=True)
        return super().env(script) | {"PI_CODING_AGENT_DIR": folder, "PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"}

    def headless(self, script, sandboxed):
        return self.exe() + ["--provider", "local", "--model", "m", "-p", "go"]

    def tui(self, script):
        return self.exe() + ["--provider", "local", "--model", "m"]

    size = size_with_node


class SandboxRuntime(Agent):
    """No agent: the launcher of sandboxes that claude-code uses, by itself."""
    name = package = "sandbox-runtime"
    has_tui = False

    def exe(self):
        return [self.node(), self.bin("srt")]

    def sandboxed_true(self):
        return self.exe() + ["true"]

    size = size_with_node


AGENTS = [Seal, Codex, Claude, Opencode, Gemini, Pi, SandboxRuntime]
