using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Mqtt;

namespace Cli.Bench;

/// <summary>LocalCloud beside other brokers: each in a process of its own, the same clients, the brokers by turns.</summary>
/// <param name="clients">Clients at once.</param>
/// <param name="time">The time of a measurement.</param>
/// <param name="rounds">How often the brokers take turns.</param>
/// <param name="aedesFolder">The folder whose node_modules has aedes, or null.</param>
/// <param name="json">Whether standard output ends in a JSON object.</param>
internal sealed class CloudBench(int clients, TimeSpan time, int rounds, string? aedesFolder, bool json)
{
    /// <summary>At first a broker and the clients' own code are cold: so long they run before the rounds, each way, and it does not count.</summary>
    private static readonly TimeSpan s_coldTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.25);

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly TextWriter _story = json ? Console.Error : Console.Out;

    /// <summary>Runs it.</summary>
    /// <returns>An exit status.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("bench-");
        List<BrokerProcess> brokers = [];
        List<string> leftOut = [];
        try
        {
            BenchCertificates certificates = await BenchCertificates.CreateAsync(folder.CreateSubdirectory("cloud").FullName, cancellationToken).ConfigureAwait(false);
            brokers.Add(await Brokers.StartLocalCloudAsync(certificates, cancellationToken).ConfigureAwait(false));
            Add(await Brokers.StartMosquittoAsync(certificates, folder.FullName, cancellationToken).ConfigureAwait(false), "mosquitto", "it is neither in PATH nor in /usr/sbin");
            Add(
                await Brokers.StartAedesAsync(certificates, folder.FullName, aedesFolder, cancellationToken).ConfigureAwait(false),
                "aedes",
                aedesFolder is null ? "name a folder whose node_modules has it with --aedes" : $"{aedesFolder}/node_modules has no aedes, or there is no node");
            return await MeasureAsync(brokers, leftOut, certificates.Tls, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("stopped before its end");
            return ExitStatus.Failed;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or SocketException or AuthenticationException or MqttRefusedException or MqttProtocolException)
        {
            Console.Error.WriteLine(e.Message);
            return ExitStatus.Failed;
        }
        finally
        {
            foreach (BrokerProcess broker in brokers)
            {
                await broker.DisposeAsync().ConfigureAwait(false);
            }

            folder.Delete(recursive: true);
        }

        void Add(BrokerProcess? broker, string name, string why)
        {
            if (broker is not null)
            {
                brokers.Add(broker);
            }
            else
            {
                leftOut.Add(name);
                _story.WriteLine($"{name} is left out: {why}");
            }
        }
    }

    private async Task<int> MeasureAsync(List<BrokerProcess> brokers, List<string> leftOut, MqttTls tls, CancellationToken cancellationToken)
    {
        foreach (BrokerProcess broker in brokers)
        {
            _story.WriteLine($"{broker.Name} warms up");
            await MeasureAsync(broker, tls, s_coldTime, cancellationToken).ConfigureAwait(false);
        }

        (double Connections, double Messages)[][] rates = [.. brokers.Select(_ => new (double, double)[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < brokers.Count; turn++)
            {
                int i = (turn + round) % brokers.Count;
                (double ofConnections, double ofMessages) = rates[i][round] = await MeasureAsync(brokers[i], tls, time, cancellationToken).ConfigureAwait(false);
                _story.WriteLine($"round {round + 1} of {rounds}: {brokers[i].Name}: {ofConnections:0} connections/s, {ofMessages:0} messages/s");
            }
        }

        // Medians, of what was measured one after the other in a round: what else the machine does disturbs these least.
        BenchFigures[] figures = [.. brokers.Select((broker, i) => new BenchFigures(
            broker.Name,
            Math.Round(Median(rates[i].Select(rate => rate.Connections)), 1),
            Math.Round(Median(rates[i].Select(rate => rate.Messages)), 1),
            Math.Round(Median(rates[i].Select((rate, round) => rates[0][round].Connections / rate.Connections)), 3),
            Math.Round(Median(rates[i].Select((rate, round) => rates[0][round].Messages / rate.Messages)), 3)))];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { clients, seconds = time.TotalSeconds, rounds, brokers = figures, leftOut }, s_json));
        }
        else
        {
            Output.Table(
                ["broker", "connections/s", "LocalCloud / it", "QoS 1 messages/s", "LocalCloud / it"],
                figures.Select(f => new[] { f.Broker, Text(f.ConnectionsPerSecond, "0"), Text(f.ConnectionsOfLocalCloud, "0.00"), Text(f.MessagesPerSecond, "0"), Text(f.MessagesOfLocalCloud, "0.00") }));
        }

        return ExitStatus.Done;
    }

    private async Task<(double Connections, double Messages)> MeasureAsync(BrokerProcess broker, MqttTls tls, TimeSpan measured, CancellationToken cancellationToken)
    {
        BrokerLoad load = new("localhost", broker.Port, tls, clients, s_warmUp);
        double ofConnections = await OfAsync(broker, load.MeasureConnectionsAsync(measured, cancellationToken)).ConfigureAwait(false);
        return (ofConnections, await OfAsync(broker, load.MeasureMessagesAsync(measured, cancellationToken)).ConfigureAwait(false));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Says of which broker a fault is, and that a broker which does nothing has one.</summary>
    private static async Task<double> OfAsync(BrokerProcess broker, Task<double> measurement)
    {
        try
        {
            double rate = await measurement.ConfigureAwait(false);
            return rate > 0 ? rate : throw new IOException("nothing was done in the time");
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or MqttRefusedException or MqttProtocolException or System.Threading.Channels.ChannelClosedException)
        {
            throw new InvalidOperationException($"{broker.Name}: {e.Message}", e);
        }
    }
}
