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

// request reads the parameters of a request, and refuses members and words that it does not have.
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
	checkWords(t, reflect.ValueOf(parameters))
	return parameters, text
}

// checkWords walks parameters: the SDK's types of words, such as RETRY, have a method that returns all that exist.
func checkWords(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkWords(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			checkWords(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkWords(t, v.Index(i))
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
		t.Errorf("%s %q is none of %v", v.Type(), v, all)
	}
}

// wire is a server that accepts everything and keeps the last request.
type wire struct{ sent []byte }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	var err error
	w.sent, err = io.ReadAll(r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, err
}

// TestAWSRequests has the SDK check and send what the files say, and compares: a member in the wrong case, which would
// pass when it is read, is another one when it is sent.
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
			t.Errorf("%s is of %s, not of %s", name, *submit.JobDefinition, *definition.JobDefinitionName)
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
		t.Errorf("sent is %s\nwant %s", w.sent, text)
	}
}

// TestAWS runs the commands of the requests, for each index once.
func TestAWS(t *testing.T) {
	definition, _ := request[batch.RegisterJobDefinitionInput](t, "job-definition.json")
	count, _ := request[batch.SubmitJobInput](t, "count.json")
	merge, _ := request[batch.SubmitJobInput](t, "merge.json")
	const most = 5 // conditions that AWS Batch allows in a retry strategy
	if n := len(definition.RetryStrategy.EvaluateOnExit); n > most {
		t.Errorf("%d conditions in evaluateOnExit, at most %d are allowed", n, most)
	}
	shards, args := int(*count.ArrayProperties.Size), count.ContainerOverrides.Command
	if want := fmt.Sprintf("--shard=auto/%d", shards); !slices.Contains(args, want) {
		t.Errorf("the size is %d, the command %q", shards, args)
	}
	runAll(t, shards, "AWS_BATCH_JOB_ARRAY_INDEX", args, merge.ContainerOverrides.Command)
}
