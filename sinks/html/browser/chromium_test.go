package browser

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// chromium is a headless browser that is controlled with the DevTools protocol
// over a pair of pipes, as JSON objects that each end in a zero byte.
type chromium struct {
	in      io.Writer
	out     *bufio.Reader
	session string
	calls   int
	events  []event
}

type event struct {
	Method string
	Params json.RawMessage
}

// flags prevent requests of the browser itself, so that every request is one of
// the page, and make requests to other hosts fail.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
	"--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
}

// launch starts a browser with an empty page. It is closed when the test ends.
func launch(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v; the script run in this directory installs it", err)
	}
	toBrowser, in := pipe(t)
	out, fromBrowser := pipe(t)
	cmd := exec.Command(path, append(flags, "--user-data-dir="+t.TempDir(), "about:blank")...)
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	c := &chromium{in: in, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(func() { c.quit(t, cmd) })
	c.newPage(t)
	return c
}

// quit closes the browser, or kills it if it does not close in time.
func (c *chromium) quit(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	if _, err := io.WriteString(c.in, `{"id":0,"method":"Browser.close"}`+"\x00"); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, c.out); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the browser: %v", err)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func (c *chromium) newPage(t *testing.T) {
	t.Helper()
	var target struct{ TargetID string }
	c.call(t, "Target.createTarget", params{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call(t, "Target.attachToTarget", params{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		c.call(t, domain+".enable", nil, nil)
	}
	c.resize(t, 1280, 900)
}

type params map[string]any

// call sends a command and waits for its result. Events that arrive before it
// are kept.
func (c *chromium) call(t *testing.T, method string, p params, result any) {
	t.Helper()
	c.calls++
	command := params{"id": c.calls, "method": method}
	if p != nil {
		command["params"] = p
	}
	if c.session != "" {
		command["sessionId"] = c.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, 0)); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	for {
		m := c.receive(t)
		if m.ID != c.calls {
			continue
		}
		if m.Error != nil {
			t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

type message struct {
	ID            int
	Error, Result json.RawMessage
	event
}

func (c *chromium) receive(t *testing.T) (m message) {
	t.Helper()
	text, err := c.out.ReadBytes(0)
	if err != nil {
		t.Fatalf("the browser: %v", err)
	}
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		t.Fatal(err)
	}
	if m.Method != "" {
		c.events = append(c.events, m.event)
	}
	return m
}

// open loads a page and waits until it is loaded.
func (c *chromium) open(t *testing.T, url string) {
	t.Helper()
	c.events = nil
	c.call(t, "Page.navigate", params{"url": url}, nil)
	for !c.happened("Page.loadEventFired") {
		c.receive(t)
	}
}

func (c *chromium) happened(method string) bool {
	for _, e := range c.events {
		if e.Method == method {
			return true
		}
	}
	return false
}

// do runs a script on the page and returns its value, or that of its promise.
func (c *chromium) do(t *testing.T, script string) json.RawMessage {
	t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	c.call(t, "Runtime.evaluate", params{"expression": script, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.ExceptionDetails != nil {
		t.Fatalf("%.1000s: %s", script, answer.ExceptionDetails)
	}
	return answer.Result.Value
}

// eval returns the value of an expression on the page.
func eval[T any](t *testing.T, c *chromium, expression string) (value T) {
	t.Helper()
	text := c.do(t, expression)
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%s: %v in %s", expression, err, text)
	}
	return value
}

// click presses the mouse in the middle of the first element that a selector
// finds.
func (c *chromium) click(t *testing.T, selector string) {
	t.Helper()
	at := eval[[2]float64](t, c, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({block: "nearest", inline: "nearest"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	for _, what := range []string{"mousePressed", "mouseReleased"} {
		c.call(t, "Input.dispatchMouseEvent", params{"type": what, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// press presses a key.
func (c *chromium) press(t *testing.T, key string, code int, text string) {
	t.Helper()
	c.call(t, "Input.dispatchKeyEvent", params{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}, nil)
	c.call(t, "Input.dispatchKeyEvent", params{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

func (c *chromium) write(t *testing.T, text string) {
	t.Helper()
	c.call(t, "Input.insertText", params{"text": text}, nil)
}

func (c *chromium) resize(t *testing.T, width, height int) {
	t.Helper()
	c.call(t, "Emulation.setDeviceMetricsOverride", params{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// prefer sets the preferred colour scheme of the system: light or dark.
func (c *chromium) prefer(t *testing.T, scheme string) {
	t.Helper()
	c.emulate(t, "screen", scheme)
}

// emulate sets the medium, screen or print, and the preferred colour scheme.
func (c *chromium) emulate(t *testing.T, media, scheme string) {
	t.Helper()
	feature := params{"name": "prefers-color-scheme", "value": scheme}
	c.call(t, "Emulation.setEmulatedMedia", params{"media": media, "features": []params{feature}}, nil)
}

// screenshot returns the visible part of the page as PNG.
func (c *chromium) screenshot(t *testing.T) []byte {
	t.Helper()
	var shot struct{ Data []byte }
	c.call(t, "Page.captureScreenshot", params{"format": "png"}, &shot)
	return shot.Data
}

// printed returns the page as it is printed, as PDF.
func (c *chromium) printed(t *testing.T) []byte {
	t.Helper()
	var paper struct{ Data []byte }
	c.call(t, "Page.printToPDF", params{"printBackground": false, "preferCSSPageSize": true}, &paper)
	return paper.Data
}
