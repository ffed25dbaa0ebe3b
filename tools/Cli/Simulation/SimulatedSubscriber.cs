using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Mqtt;

namespace Cli.Simulation;

/// <summary>Somebody who is always connected to the cloud, whatever becomes of the others' connections, and gets what is published.</summary>
internal sealed class SimulatedSubscriber
{
    private const string ClientId = "subscriber";

    /// <summary>How often it tells the cloud that it is there. The cloud takes it for gone after half an hour.</summary>
    private static readonly TimeSpan s_pingInterval = TimeSpan.FromMinutes(10);

    private readonly SimulatedWorld _world;
    private readonly Pipe _up;
    private readonly Pipe _down;
    private readonly Action<PublishPacket> _received;

    /// <summary>Connects it, with a certificate that is registered for it and may do everything.</summary>
    /// <param name="world">Where it is.</param>
    /// <param name="filter">What it subscribes to, with QoS 1.</param>
    /// <param name="received">Is told each message.</param>
    public SimulatedSubscriber(SimulatedWorld world, string filter, Action<PublishPacket> received)
    {
        _world = world;
        _received = received;
        PipeOptions options = new(readerScheduler: world.Time.Scheduler, writerScheduler: world.Time.Scheduler, pauseWriterThreshold: 0, useSynchronizationContext: false);
        _up = new Pipe(options);
        _down = new Pipe(options);
        DeviceRegistry registry = world.Cloud.Registry;
        registry.PutPolicy(new Policy(ClientId, PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}""")));
        IssuedCertificate certificate = SimulatedAuthority.Shared.Subscriber;
        registry.AddCertificate(certificate, CertificateStatus.Active, ownership: null, [ClientId]);
        _ = ServeAsync(X509Certificate2.CreateFromPem(certificate.Pem));
        _ = ReceiveAsync();
        Send(new ConnectPacket(ClientId, CleanSession: true, KeepAliveSeconds: 1200));
        Send(new SubscribePacket(1, [new TopicFilterRequest(filter, QualityOfService.AtLeastOnce)]));
        Ping();
    }

    private void Ping() => _world.Time.After(s_pingInterval, () =>
    {
        Send(new PingReqPacket());
        Ping();
    });

    private void Send(Packet packet)
    {
        PacketWriter.Write(_up.Writer, packet);
        _up.Writer.FlushAsync().AsTask();
    }

    private async Task ServeAsync(X509Certificate2 certificate)
    {
        try
        {
            await _world.Cloud.ServeAsync(new Transport(_up.Reader, _down.Writer), new IPEndPoint(IPAddress.Loopback, 2), certificate);
        }
        catch (Exception e)
        {
            _world.Time.Fail(e);
        }

        _world.Time.Fail(new IOException("The cloud has closed the subscriber's connection."));
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            ReadResult result = await _down.Reader.ReadAsync();
            ReadOnlySequence<byte> buffer = result.Buffer;
            while (PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out Packet? packet))
            {
                if (packet is PublishPacket publish)
                {
                    Send(new PubAckPacket(publish.PacketId));
                    _received(publish);
                }
            }

            _down.Reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
