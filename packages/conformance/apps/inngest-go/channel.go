package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"sync"
)

// The channel to the process that started the app: JSON lines over the socket whose number NODE_CHANNEL_FD tells.
var channel = openChannel()

var writing sync.Mutex

type message struct {
	Kind   string           `json:"kind"`
	Gate   string           `json:"gate"`
	Events []map[string]any `json:"events"`
}

func openChannel() *os.File {
	fd, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	must(err)
	return os.NewFile(uintptr(fd), "channel")
}

// report tells the parent something.
func report(kind string, fields map[string]any) {
	line := map[string]any{"kind": kind}
	for name, value := range fields {
		line[name] = value
	}
	text, err := json.Marshal(line)
	must(err)
	writing.Lock()
	defer writing.Unlock()
	_, err = channel.Write(append(text, '\n'))
	must(err)
}

// listen calls back with what the parent tells, and ends the process when the parent is gone: nobody else would.
func listen(told func(message)) {
	lines := bufio.NewScanner(channel)
	for lines.Scan() {
		var line message
		must(json.Unmarshal(lines.Bytes(), &line))
		told(line)
	}
	os.Exit(0)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
