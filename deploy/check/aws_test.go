package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
)

// request parses the parameters of a request. It rejects unknown members and
// values that do not exist.
func request[T any](t *testing.T, name string) (parameters *T, text []byte) {
	t.Helper()
	text, err := os.ReadFile("../aws-batch/" + name)
	if err != nil {
		t.Fatal(err)
	}
	parameters = new(T)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(parameters); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	checkEnums(t, reflect.ValueOf(parameters))
	return parameters, text
}

// checkEnums walks parameters. The SDK's types of enumerations have a method
// that returns all values.
func checkEnums(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkEnums(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			checkEnums(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkEnums(t, v.Index(i))
		}
	case reflect.String:
		values := v.MethodByName("Values")
		if v.Len() == 0 || !values.IsValid() {
			return
		}
		all := values.Call(nil)[0]
		for i := range all.Len() {
			if all.Index(i).Equal(v) {
				return
			}
		}
		t.Errorf("%s %q: want one of %v", v.Type(), v, all)
	}
}

// wire is an HTTP client that accepts every request and keeps the body of the
// last.
type wire struct{ sent []byte }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	var err error
	w.sent, err = io.ReadAll(r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, err
}

// TestAWSRequests has the SDK validate and send the requests, and compares what
// it sends with the files. A member in the wrong case is accepted when it is
// parsed, but sent in the correct one.
func TestAWSRequests(t *testing.T) {
	w := new(wire)
	client := batch.New(batch.Options{Region: "eu-central-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: w})

	definition, text := request[batch.RegisterJobDefinitionInput](t, "job-definition.json")
	_, err := client.RegisterJobDefinition(t.Context(), definition)
	compareSent(t, w, text, err)

	for _, name := range []string{"count.json", "merge.json"} {
		submit, text := request[batch.SubmitJobInput](t, name)
		_, err := client.SubmitJob(t.Context(), submit)
		compareSent(t, w, text, err)
		if *submit.JobDefinition != *definition.JobDefinitionName {
			t.Errorf("%s: job definition %s, want %s", name, *submit.JobDefinition, *definition.JobDefinitionName)
		}
	}
}

func compareSent(t *testing.T, w *wire, text []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var want, sent any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.sent, &sent); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %s\nwant %s", w.sent, text)
	}
}

// TestAWS runs the commands of the requests, once for each index.
func TestAWS(t *testing.T) {
	definition, _ := request[batch.RegisterJobDefinitionInput](t, "job-definition.json")
	count, _ := request[batch.SubmitJobInput](t, "count.json")
	merge, _ := request[batch.SubmitJobInput](t, "merge.json")
	const limit = 5 // conditions that AWS Batch allows in a retry strategy
	if n := len(definition.RetryStrategy.EvaluateOnExit); n > limit {
		t.Errorf("%d conditions in evaluateOnExit, want at most %d", n, limit)
	}
	shards, args := int(*count.ArrayProperties.Size), count.ContainerOverrides.Command
	if want := fmt.Sprintf("--shard=auto/%d", shards); !slices.Contains(args, want) {
		t.Errorf("size %d, but the command is %q", shards, args)
	}
	runAll(t, shards, "AWS_BATCH_JOB_ARRAY_INDEX", args, merge.ContainerOverrides.Command)
}
