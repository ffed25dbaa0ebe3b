using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using LocalCloud;
using Mqtt;

namespace Cli.Prove;

/// <summary>All statements tried against a LocalCloud of their own.</summary>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class ConformanceRun(bool json)
{
    /// <summary>How much faster LocalCloud's clock runs.</summary>
    public const int Haste = 20;

    private const int AtOnce = 6;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            ConformanceResult[] results = await TryAllAsync(cancellationToken).ConfigureAwait(false);
            int passed = results.Count(r => r.Result == "passed");
            int leftOut = results.Count(r => r.Result == "left out");
            int tried = results.Length - leftOut;
            _story.WriteLine($"tried {tried}, passed {passed}, failed {tried - passed}, left out {leftOut}");
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(new { tried, passed, leftOut, failed = results.Where(r => r.Result == "failed") }, s_json));
            }

            return passed == tried ? ExitStatus.Done : ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
    }

    private async Task<ConformanceResult[]> TryAllAsync(CancellationToken cancellationToken)
    {
        await using LocalCloudServer cloud = await LocalCloudServer.StartAsync(
            new LocalCloudOptions { ListenAddress = IPAddress.Loopback, TimeProvider = new HastyClock(Haste) }, cancellationToken).ConfigureAwait(false);
        ClientCredentials client = await cloud.CreateOperatorCredentialsAsync(ConformanceTrial.ClientPrefix, cancellationToken).ConfigureAwait(false);
        cloud.Registry.PutPolicy(new Policy("generated-client-ids", PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/$GEN/*"}]}""")));
        cloud.Registry.AttachPolicy("generated-client-ids", client.CertificateId);
        MqttTls tls = new([X509Certificate2.CreateFromPem(cloud.RootCaPem)], X509Certificate2.CreateFromPem(client.CertificatePem, client.PrivateKeyPem));
        using SemaphoreSlim places = new(AtOnce);
        Task<ConformanceResult>[] trials = [.. ConformanceStatements.All.Select(async (statement, number) =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await TryAsync(statement, new ConformanceTrial(number, cloud.Port, tls, cancellationToken)).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        })];
        List<ConformanceResult> results = [];
        foreach (Task<ConformanceResult> trial in trials)
        {
            ConformanceResult result = await trial.ConfigureAwait(false);
            results.Add(result);
            _story.WriteLine(result.Result == "left out"
                ? $"[{result.Statement}] left out: {result.Remark}"
                : $"[{result.Statement}] {result.Result}{(result.Remark is null ? "" : $" ({result.Remark})")}: sent {result.Sent}; came back {result.CameBack}");
        }

        return [.. results];
    }

    private static async Task<ConformanceResult> TryAsync(ConformanceStatement statement, ConformanceTrial trial)
    {
        await using (trial.ConfigureAwait(false))
        {
            if (statement.TryAsync is null)
            {
                return new ConformanceResult(statement.Id, "left out", "", "", $"{statement.Text}. {statement.WhyLeftOut}");
            }

            string? fault = null;
            try
            {
                await statement.TryAsync(trial).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ConformanceException or IOException)
            {
                fault = $"{statement.Text}; {e.Message}";
            }

            return new ConformanceResult(statement.Id, fault is null ? "passed" : "failed", trial.Sent, trial.CameBack, fault);
        }
    }
}
