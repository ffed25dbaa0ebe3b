using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;
using Mqtt;

namespace Cli.Simulation;

/// <summary>
/// A client beside the cloud that gets what boards publish: QoS 1 with a persistent session, over a connection that takes no time. When the
/// cloud goes it is cut off as all are, and it is there again before any board is.
/// </summary>
internal sealed class SimulatedSubscriber
{
    private const ushort KeepAliveSeconds = 1200;
    private const string PolicyName = "simulated-subscriber";
    private const string Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:Connect","iot:Subscribe","iot:Receive"],"Resource":"*"}]}""";

    private readonly SimulatedWorld _world;
    private readonly string _filter;
    private readonly Action<PublishPacket> _received;
    private readonly X509Certificate2 _certificate;
    private Pipe? _up;

    /// <summary>Makes one that is connected.</summary>
    /// <param name="world">Where it is.</param>
    /// <param name="filter">What it subscribes to.</param>
    /// <param name="received">Is told each message, repeated ones too.</param>
    public SimulatedSubscriber(SimulatedWorld world, string filter, Action<PublishPacket> received)
    {
        _world = world;
        _filter = filter;
        _received = received;
        IssuedCertificate issued = SimulatedAuthority.Shared.Subscriber;
        _certificate = X509Certificate2.CreateFromPem(issued.Pem);
        world.Cloud.Registry.PutPolicy(new Policy(PolicyName, PolicyDocument.Parse(Policy)));
        world.Cloud.Registry.AddCertificate(issued, CertificateStatus.Active, ownership: null, [PolicyName]);
        Connect();
    }

    /// <summary>Connects, with the session that it had.</summary>
    public void Connect()
    {
        PipeOptions options = new(readerScheduler: _world.Time.Scheduler, writerScheduler: _world.Time.Scheduler, pauseWriterThreshold: 0, useSynchronizationContext: false);
        Pipe up = new(options);
        Pipe down = new(options);
        _up = up;
        _ = ServeAsync(new Transport(up.Reader, down.Writer));
        _ = ReceiveAsync(up, down.Reader);
        Send(up, new ConnectPacket(PolicyName, CleanSession: false, KeepAliveSeconds));
        Send(up, new SubscribePacket(1, [new TopicFilterRequest(_filter, QualityOfService.AtLeastOnce)]));
        KeepAlive(up);
    }

    /// <summary>Its connection ends, as when the cloud's process does.</summary>
    public void Cut()
    {
        _up?.Writer.Complete(new IOException("the process ends"));
        _up = null;
    }

    private static void Send(Pipe up, Packet packet)
    {
        PacketWriter.Write(up.Writer, packet);
        up.Writer.FlushAsync().AsTask();
    }

    private void KeepAlive(Pipe up) => _world.Time.After(TimeSpan.FromSeconds(KeepAliveSeconds / 2), () =>
    {
        if (_up == up)
        {
            Send(up, new PingReqPacket());
            KeepAlive(up);
        }
    });

    private async Task ServeAsync(Transport transport)
    {
        try
        {
            await _world.Cloud.ServeAsync(transport, new IPEndPoint(IPAddress.Loopback, 2), _certificate);
        }
        catch (Exception e)
        {
            _world.Time.Fail(e);
        }
    }

    private async Task ReceiveAsync(Pipe up, PipeReader input)
    {
        try
        {
            bool isCompleted;
            do
            {
                ReadResult result = await input.ReadAsync();
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (PacketReader.TryRead(ref buffer, PacketReaderOptions.Default, out Packet? packet))
                {
                    Take(up, packet!);
                }

                isCompleted = result.IsCompleted;
                input.AdvanceTo(buffer.Start, buffer.End);
            }
            while (!isCompleted);
            if (_up == up)
            {
                throw new InvalidOperationException("The cloud has closed the connection of the simulation's own subscriber.");
            }
        }
        catch (Exception e)
        {
            _world.Time.Fail(e);
        }
    }

    private void Take(Pipe up, Packet packet)
    {
        switch (packet)
        {
            case PublishPacket publish when _up == up:
                // What is not acknowledged comes again with the next connection
                _received(publish);
                if (publish.QoS == QualityOfService.AtLeastOnce)
                {
                    Send(up, new PubAckPacket(publish.PacketId));
                }

                break;

            case ConnAckPacket { ReturnCode: not ConnectReturnCode.Accepted }:
            case SubAckPacket subAck when subAck.ReturnCodes.Contains(SubAckPacket.Failure):
                throw new InvalidOperationException("The cloud refuses the simulation's own subscriber.");
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
