// The app's process: serves the functions on a port of 127.0.0.1, or connects as a worker, and tells its parent.
package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/connect"
)

// How often the state of a worker's connection is looked at; the SDK tells it in no other way.
const statePeriod = 5 * time.Millisecond

func main() {
	// The Go SDK takes any text of this variable, "0" too, for development.
	if os.Getenv("INNGEST_DEV") == "0" {
		must(os.Unsetenv("INNGEST_DEV"))
	}
	client, err := inngestgo.NewClient(inngestgo.ClientOpts{AppID: "sdk", AllowInBandSync: inngestgo.Ptr(true)})
	must(err)
	defineSteps(client)
	defineFailures(client)
	defineFlow(client)
	defineServices(client)
	go listen(func(told message) { take(client, told) })
	if worker := os.Getenv("PAWL_APP_CONNECT"); worker != "" {
		work(client, worker)
	} else {
		serve(client)
	}
}

func take(client inngestgo.Client, told message) {
	switch told.Kind {
	case "open":
		close(gates[told.Gate])
	case "send":
		events := make([]any, len(told.Events))
		for i, event := range told.Events {
			events[i] = inngestgo.Event{Name: event["name"].(string), Data: event["data"].(map[string]any)}
		}
		ids, err := client.SendMany(context.Background(), events)
		must(err)
		report("sent", fields{"ids": ids})
	}
}

func serve(client inngestgo.Client) {
	listening, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PAWL_APP_PORT"))
	must(err)
	http.Handle("/api/inngest", client.Serve())
	report("listening", fields{"port": listening.Addr().(*net.TCPAddr).Port})
	must(http.Serve(listening, nil))
}

func work(client inngestgo.Client, worker string) {
	connection, err := inngestgo.Connect(context.Background(), inngestgo.ConnectOpts{Apps: []inngestgo.Client{client}, InstanceID: &worker})
	must(err)
	for connection.State() != connect.ConnectionStateActive {
		time.Sleep(statePeriod)
	}
	report("connected", nil)
	select {}
}
